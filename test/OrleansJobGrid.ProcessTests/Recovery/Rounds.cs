using System.Globalization;

namespace OrleansJobGrid.ProcessTests.Recovery;

/// <summary>Sizes of the long tests: small by default, as a continuous build bears them, larger by the environment.</summary>
internal static class Rounds
{
    /// <summary><c>JOBGRID_KILL_ROUNDS</c>: kills at each point.</summary>
    public static int Kills => Number("JOBGRID_KILL_ROUNDS", 2);

    /// <summary><c>JOBGRID_RECOVERY_ROUNDS</c>: kills whose recovery is timed.</summary>
    public static int Timed => Number("JOBGRID_RECOVERY_ROUNDS", 3);

    /// <summary><c>JOBGRID_RECOVERY_JOBS</c>: jobs of the long run with failures and kills.</summary>
    public static int Jobs => Number("JOBGRID_RECOVERY_JOBS", 600);

    /// <summary><c>JOBGRID_RECOVERY_KILL_SECONDS</c>: from one kill to the next in it.</summary>
    public static TimeSpan KillEvery => TimeSpan.FromSeconds(Number("JOBGRID_RECOVERY_KILL_SECONDS", 5));

    private static int Number(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
