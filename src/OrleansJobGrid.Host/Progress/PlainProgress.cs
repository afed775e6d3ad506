using OrleansJobGrid.Host.CommandLine;

namespace OrleansJobGrid.Host.Progress;

/// <summary>One line for each change of state and each 10 % further, without control characters: for pipes and logs.</summary>
internal sealed class PlainProgress(TextWriter output) : IProgressDisplay
{
    private const double Step = 10;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (string Status, double Progress)> _shown = [];

    public Task ShowAsync(IReadOnlyList<string> jobIds, Func<Task> work) => work();

    public void Update(string jobId, string? status, double? progress, string? message)
    {
        lock (_lock)
        {
            var known = _shown.TryGetValue(jobId, out var last);
            var now = (Status: status ?? (known ? last.Status : "in_progress"), Progress: progress ?? (known ? last.Progress : 0));
            if (known && now.Status == last.Status && now.Progress < last.Progress + Step && !(now.Progress >= 100 && last.Progress < 100))
                return;
            _shown[jobId] = now;
            var percent = now.Progress > 0 ? $"  {(int)now.Progress} %" : "";
            var text = string.IsNullOrWhiteSpace(message) ? "" : $"  {message}";
            output.WriteLine(Printable.Of($"{jobId}  {now.Status}{percent}{text}"));
            output.Flush();
        }
    }
}
