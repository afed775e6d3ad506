using System.Runtime.InteropServices;
using System.Text;

namespace OrleansJobGrid.Connectors.Native;

/// <summary>Lines appended whole to a file that several processes write.</summary>
internal static class AppendedLine
{
    /// <summary>Appends in one write with O_APPEND and flushes it: lines of several writers never mix, and what returned survives a crash.</summary>
    /// <remarks>FileMode.Append of .NET writes at an offset that it remembers, so that two processes would overwrite one another.</remarks>
    internal static void Write(string path, string line)
    {
        var bytes = Encoding.UTF8.GetBytes(line + "\n");
        // Creates it where it is missing. open(2) takes the new file's mode as a variadic argument, which is passed differently on some machines.
        using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        if (OperatingSystem.IsWindows())
        {
            file.Lock(0, long.MaxValue);
            file.Seek(0, SeekOrigin.End);
            file.Write(bytes);
            file.Flush(flushToDisk: true);
            return; // Disposing the file ends the lock.
        }
        var descriptor = Libc.Open(path, Libc.WriteOnly | Libc.Append | Libc.CloseOnExec);
        if (descriptor < 0)
            throw Libc.Failure("open", path);
        try
        {
            if (Libc.Write(descriptor, bytes, bytes.Length) != bytes.Length)
                throw Libc.Failure("write", path);
            if (Libc.Fsync(descriptor) != 0)
                throw Libc.Failure("fsync", path);
        }
        finally
        {
            _ = Libc.Close(descriptor);
        }
    }
}
