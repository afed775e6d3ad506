using System.Text;
using OrleansJobGrid.Client;
using OrleansJobGrid.TestKit.Outside;

namespace OrleansJobGrid.ProcessTests.Recovery;

/// <summary>A job as the grid tells it and as the outside service saw it.</summary>
internal sealed record JobStory(Job Job, IReadOnlyList<JobEvent> Events, IReadOnlyList<ServiceEvent> Service)
{
    /// <summary>How often work was begun outside.</summary>
    public int Executions => Service.Count(e => e.What == "START");

    /// <summary>Completions that the grid accepted.</summary>
    public int Completions => Count("completed");

    /// <summary>Posts that landed after their job had gone on, as the grid found them.</summary>
    public int StaleSubmits => Count("stale_submit");

    public int Beyond => Math.Max(0, Executions - 1);

    public int Count(string type) => Events.Count(e => e.Type == type);

    /// <summary>Both sides in the order of time, for a failure's message.</summary>
    public override string ToString()
    {
        var lines = Events
            .Select(e => (e.At ?? default, $"grid    {e.Sequence} {e.Type} {e.From} -> {e.To} attempt {e.Attempt} epoch {e.Epoch} {e.WorkerId} {e.Reason}"))
            .Concat(Service.Select(e => (e.At, $"service {e.Number} {e.What} {e.ExternalId} boot {e.Boot}")));
        var text = new StringBuilder($"{Job.Id}: {Job.Status} attempt {Job.Attempt} epoch {Job.Epoch} {Job.HeldReason} {Job.ErrorMessage}\n");
        foreach (var (at, line) in lines.OrderBy(l => l.Item1))
            text.Append("  ").Append(at.ToString("HH:mm:ss.fff")).Append(' ').AppendLine(line);
        return text.ToString();
    }
}
