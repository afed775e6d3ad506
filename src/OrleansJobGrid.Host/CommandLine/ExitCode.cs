namespace OrleansJobGrid.Host.CommandLine;

/// <summary>What the process tells its caller; part of the public surface, listed in the help.</summary>
internal static class ExitCode
{
    public const int Ok = 0;
    public const int JobNotCompleted = 1;
    public const int Usage = 2;
    public const int Grid = 3;
    public const int Interrupted = 130;
}
