using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;

namespace OrleansJobGrid.Host.Commands;

internal static class WhyCommand
{
    public static JobGridCommand Create(CommandEnvironment environment)
    {
        var (id, url, json) = (CommonOptions.JobId(), CommonOptions.Url(), CommonOptions.Json("the answer as one JSON document"));
        var command = new JobGridCommand(environment, "why", "Says why a job waits: what keeps workers from it, its place, and when it may start.")
        {
            Notes = "Each live worker that cannot do the job is counted once, under the first clause that fails. The place counts the jobs that the same\n"
                + "workers could take; the estimate comes from measured run times of jobs like it.",
            Arguments = { id },
            Options = { url, json },
        };
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            var why = await grid.Impatient.WhyAsync(parse.GetRequiredValue(id), cancellationToken);
            if (parse.GetValue(json))
                JsonOutput.Document(environment.Out, why, JobGridJson.Default.JobWhy);
            else
                Write(environment.Out, why);
            return ExitCode.Ok;
        });
        return command;
    }

    private static void Write(TextWriter output, JobWhy why)
    {
        output.WriteLine(Printable.Of(why.Summary));
        if (why.Status != JobStatus.Pending)
            return;
        output.WriteLine();
        if (why.Workers is { } workers)
            output.WriteLine($"Workers:  {workers.Registered} registered, {workers.Live} live, {workers.Matching} can do it, {workers.Free} of them with a free slot");
        if (why.CustomerHeld is { } held)
            output.WriteLine(Printable.Of($"Held:     {held}"));
        foreach (var now in why.NotNow ?? [])
            output.WriteLine(Printable.Of($"Not now:  {now.Workers} {(now.Workers == 1 ? "worker" : "workers")}: {now.Reason}"));
        if (why.Position is { } position)
            output.WriteLine($"Place:    {(why.PositionIsAtLeast == true ? "beyond " : "")}{position}{(why.SecondsAhead is > 0 and var ahead ? $", {Durations.About(ahead)} of work before it" : "")}");
        if (why.Start is { P50Seconds: { } middle } start)
            output.WriteLine($"Start:    {(middle == 0 ? "at once" : $"in about {Rounded(middle)}{(start.P90Seconds is { } late ? $", 9 of 10 within {Rounded(late)}" : "")}")}");
        else if (why.Workers?.Matching > 0 && why.CustomerHeld is null && why.QueuePausedSince is null)
            output.WriteLine("Start:    nobody knows yet: no job like it has run");
        if (why.Run is { Measured: > 0 } run)
            output.WriteLine($"Run:      about {Rounded(run.P50Seconds ?? 0)}, 9 of 10 within {Rounded(run.P90Seconds ?? 0)} (measured from {run.Measured})");
        if (why.Envelope is { } envelope)
            output.WriteLine($"Memory:   {envelope.GpuMemoryMb} MB of GPU memory ({Source(envelope.Source)})");
        if (why.Clauses is not { Count: > 0 } clauses)
            return;
        output.WriteLine();
        var table = new TextTable("WORKERS", "CLAUSE", "WHY", "SUCH AS");
        foreach (var clause in clauses)
            table.Add(clause.Workers.ToString(), clause.Clause, clause.Detail, string.Join(' ', clause.Examples ?? []));
        table.Write(output);
    }

    // "about" and "within" stand before it, and "under 1 s" does not read after them.
    private static string Rounded(double seconds) => Durations.About(Math.Max(1, seconds));

    private static string Source(string? source) => source switch
    {
        "requirements" => "as its submitter says",
        "learned" => "as runs before showed",
        "out_of_memory" => "since less was not enough",
        _ => source ?? "?",
    };
}
