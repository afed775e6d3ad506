using System.ComponentModel;
using System.Runtime.InteropServices;

namespace OrleansJobGrid.TestKit.Grid;

/// <summary>Signals to processes of a test's own.</summary>
public static partial class Signals
{
    public const int Terminate = 15;

    /// <summary>SIGSTOP and SIGCONT, by their numbers on Linux.</summary>
    public const int Stop = 19;
    public const int Continue = 18;

    public static void Send(int processId, int signal)
    {
        if (Kill(processId, signal) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);
}
