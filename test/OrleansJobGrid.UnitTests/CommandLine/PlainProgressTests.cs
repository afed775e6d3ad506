using OrleansJobGrid.Host.Progress;
using Xunit;

namespace OrleansJobGrid.UnitTests.CommandLine;

public sealed class PlainProgressTests
{
    [Fact]
    public void Update_WhenProgressCrawls_WritesALineEachTenPercentAndEachState()
    {
        using var output = new StringWriter { NewLine = "\n" };
        var progress = new PlainProgress(output);

        progress.Update("a", "pending", 0, null);
        progress.Update("a", "pending", 0, null);
        progress.Update("a", "in_progress", 0, null);
        for (var percent = 1; percent <= 35; percent++)
            progress.Update("a", null, percent, $"step {percent}");
        progress.Update("b", null, 5, "\u001b[31mred\nline");
        progress.Update("a", "completed", 100, null);

        Assert.Equal(
            "a  pending\na  in_progress\na  in_progress  10 %  step 10\na  in_progress  20 %  step 20\na  in_progress  30 %  step 30\n"
            + "b  in_progress  5 %   [31mred line\na  completed  100 %\n",
            output.ToString());
    }
}
