using Xunit;

namespace OrleansJobGrid.ProcessTests.Recovery;

/// <summary>Figures of a run, in the test's output and, shown as they come, among the diagnostic messages.</summary>
internal static class Diagnostics
{
    public static void Say(string line)
    {
        TestContext.Current.SendDiagnosticMessage(line);
        TestContext.Current.TestOutputHelper?.WriteLine(line);
    }
}
