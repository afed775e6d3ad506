using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;
using Spectre.Console;

namespace OrleansJobGrid.Host.Progress;

/// <summary>A bar for each job on a terminal; beyond <see cref="MostBars"/> jobs one bar for all, since more do not fit a screen.</summary>
internal sealed class BarProgress(CommandEnvironment environment) : IProgressDisplay
{
    private const int MostBars = 15;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (ProgressTask Bar, string Status)> _bars = [];
    private readonly HashSet<string> _ended = [];
    private ProgressTask? _all;
    private int _count;

    public Task ShowAsync(IReadOnlyList<string> jobIds, Func<Task> work)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            Interactive = InteractionSupport.Yes,
            ColorSystem = environment.NoColor ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Out = new AnsiConsoleOutput(environment.Out),
        });
        return console.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(async context =>
            {
                _count = jobIds.Count;
                if (_count > MostBars)
                    _all = context.AddTask(Describe($"0 of {_count} jobs ended", ""), maxValue: _count);
                else
                    foreach (var id in jobIds)
                        _bars[id] = (context.AddTask(Describe(id, JobStatus.Pending)), JobStatus.Pending);
                await work();
            });
    }

    public void Update(string jobId, string? status, double? progress, string? message)
    {
        lock (_lock)
        {
            if (_all is not null)
            {
                if (status is not null && JobStatus.IsFinal(status) && _ended.Add(jobId))
                {
                    _all.Value = _ended.Count;
                    _all.Description = Describe($"{_ended.Count} of {_count} jobs ended", "");
                }

                return;
            }

            var (bar, before) = _bars[jobId];
            var now = status ?? before;
            _bars[jobId] = (bar, now);
            bar.Value = now == JobStatus.Completed ? 100 : progress ?? bar.Value;
            bar.Description = Describe(jobId, string.IsNullOrWhiteSpace(message) ? now : $"{now}: {message}");
            if (JobStatus.IsFinal(now))
                bar.StopTask();
        }
    }

    private static string Describe(string what, string state)
    {
        var text = Printable.Of(state.Length == 0 ? what : $"{what}  {state}");
        return Markup.Escape(text.Length > 60 ? text[..59] + "…" : text);
    }
}
