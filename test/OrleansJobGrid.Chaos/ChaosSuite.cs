using OrleansJobGrid.Chaos.Checking;

namespace OrleansJobGrid.Chaos;

/// <summary>All seeds of a command line, one after the other.</summary>
internal static class ChaosSuite
{
    /// <summary>The exit code; a row of the table for each seed, and what was found under it with the command that repeats it.</summary>
    public static async Task<int> RunAsync(ChaosOptions options, Action<string> say, CancellationToken cancellationToken)
    {
        var verdicts = new List<Verdict>();
        var (broken, aborted) = (false, false);
        foreach (var seed in options.Seeds)
        {
            try
            {
                var verdict = await new ChaosRun(options, seed).RunAsync(cancellationToken);
                verdicts.Add(verdict);
                say(verdict.ToString());
                broken |= !verdict.Holds;
                foreach (var finding in verdict.Holds ? [] : verdict.Words().Append($"repeat: {options.Repeat(seed)}"))
                    say($"  {finding}");
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                aborted = true;
                break;
            }
            catch (Exception e)
            {
                aborted = true;
                say($"seed {seed}: the run failed: {e}\n  repeat: {options.Repeat(seed)}");
            }
        }

        say(Verdict.Total(verdicts));
        await File.WriteAllLinesAsync(Path.Combine(options.Out, "verdict.md"), [Verdict.Head, .. verdicts.Select(v => v.ToString()), Verdict.Total(verdicts)], CancellationToken.None);
        return broken ? 1 : aborted ? 3 : 0;
    }
}
