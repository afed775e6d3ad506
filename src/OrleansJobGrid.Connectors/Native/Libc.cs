using System.ComponentModel;
using System.Runtime.InteropServices;

namespace OrleansJobGrid.Connectors.Native;

/// <summary>Calls of the C library, named as in its manual. Constants are those of Linux; where macOS differs and is served, a property chooses.</summary>
internal static partial class Libc
{
    internal const int ReadOnly = 0;
    internal const int WriteOnly = 1;
    internal const int NonBlocking = 0x800;
    internal const int SigKill = 9;
    internal const int SigTerm = 15;

    /// <summary>The signals from 1 up to below this are the standard ones.</summary>
    internal const int FirstRealtime = 32;

    /// <summary>SIG_DFL.</summary>
    internal const nint SigDefault = 0;

    internal const int Eacces = 13;
    internal const int Enoent = 2;
    internal const int Esrch = 3;
    internal const int SetDescriptorFlags = 2;
    internal const int DescriptorCloseOnExec = 1;
    internal const int PrSetPdeathsig = 1;
    internal const int PrSetChildSubreaper = 36;

    internal static int Append => OperatingSystem.IsMacOS() ? 0x8 : 0x400;

    internal static int CloseOnExec => OperatingSystem.IsMacOS() ? 0x1000000 : 0x80000;

    /// <summary>O_NOFOLLOW, which is not the same number on every processor.</summary>
    internal static int NoFollow => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000;

    internal static IOException Failure(string call, string subject)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"{call} of '{subject}' failed: {Marshal.GetPInvokeErrorMessage(error)}.", new Win32Exception(error));
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    internal static partial nint Write(int descriptor, [In] byte[] bytes, nint count);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    internal static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    internal static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    internal static partial int Fcntl(int descriptor, int command, int value);

    [LibraryImport("libc", EntryPoint = "dup2", SetLastError = true)]
    internal static partial int Dup2(int from, int to);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    internal static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "setsid", SetLastError = true)]
    internal static partial int Setsid();

    [LibraryImport("libc", EntryPoint = "getppid")]
    internal static partial int Getppid();

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    internal static partial int Prctl(int option, nuint value, nuint unused3, nuint unused4, nuint unused5);

    [LibraryImport("libc", EntryPoint = "signal", SetLastError = true)]
    internal static partial nint Signal(int signal, nint handler);

    [LibraryImport("libc", EntryPoint = "chdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Chdir(string path);

    /// <summary>Returns only where it failed. The lists end with null.</summary>
    [LibraryImport("libc", EntryPoint = "execve", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Execve(string path, string?[] arguments, string?[] environment);
}
