using System.ComponentModel;
using System.Runtime.InteropServices;

namespace OrleansJobGrid.Artefacts;

/// <summary>The two steps that make a new name durable and exclusive: a link that never replaces, and an fsync of the folder.</summary>
internal static partial class DurableFolder
{
    private const int Eexist = 17;
    private const int ReadOnly = 0;

    private static int CloseOnExec => OperatingSystem.IsMacOS() ? 0x1000000 : 0x80000;

    /// <summary>Gives the file a second name; false where that name is taken. On Windows it moves the file there.</summary>
    /// <remarks>
    /// File.Move without overwrite looks first and then renames on Unix, so two writers could both succeed: link(2) decides in the kernel.
    /// </remarks>
    internal static bool TryPublish(string temporary, string final)
    {
        if (OperatingSystem.IsWindows())
        {
            try
            {
                File.Move(temporary, final, overwrite: false);
                return true;
            }
            catch (IOException) when (File.Exists(final))
            {
                return false;
            }
        }
        if (Link(temporary, final) == 0)
            return true;
        var error = Marshal.GetLastPInvokeError();
        if (error == Eexist)
            return false;
        throw new IOException(
            $"Could not link '{temporary}' to '{final}': {Marshal.GetPInvokeErrorMessage(error)}. The artefact folder needs a file system with hard links.",
            new Win32Exception(error));
    }

    /// <summary>Makes the folder and all its parents up to <paramref name="root"/> durable.</summary>
    internal static void Sync(string folder, string root)
    {
        if (OperatingSystem.IsWindows())
            return; // NTFS journals names by itself, and a folder cannot be flushed.
        for (var at = folder; at is not null; at = Path.GetDirectoryName(at))
        {
            // Parents too, whoever made them: another process may have created one a moment ago and not have flushed it yet.
            SyncOne(at);
            if (at.Length <= root.Length)
                return;
        }
    }

    private static void SyncOne(string folder)
    {
        var descriptor = Open(folder, ReadOnly | CloseOnExec);
        if (descriptor < 0)
            throw Failure("open", folder);
        try
        {
            if (Fsync(descriptor) != 0)
                throw Failure("fsync", folder);
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException Failure(string call, string path)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"{call} of '{path}' failed: {Marshal.GetPInvokeErrorMessage(error)}.", new Win32Exception(error));
    }

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string existing, string created);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
