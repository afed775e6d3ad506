using System.Diagnostics;

namespace OrleansJobGrid.Benchmarks.Harness;

/// <summary>The time and the processor time of a phase from its making on, by who took it.</summary>
internal sealed class CpuMeter : IDisposable
{
    private readonly IReadOnlyList<GridProcess> _grids;
    private readonly Process? _redis;
    private readonly Process _self = Process.GetCurrentProcess();
    private readonly TimeSpan _gridBefore;
    private readonly TimeSpan _redisBefore;
    private readonly TimeSpan _selfBefore;
    private readonly TimeSpan? _busyBefore;
    private readonly Stopwatch _clock;

    public CpuMeter(GridStore store, params IReadOnlyList<GridProcess> grids)
    {
        _grids = grids;
        _redis = store.Redis is { } running ? Process.GetProcessById(running.ProcessId) : null;
        (_gridBefore, _redisBefore, _selfBefore, _busyBefore) = (Grid, Of(_redis), Of(_self), MachineLoad.Busy());
        _clock = Stopwatch.StartNew();
    }

    private TimeSpan Grid => TimeSpan.FromTicks(_grids.Sum(g => g.Cpu.Ticks));

    /// <summary>What it was until now.</summary>
    public CpuUse Read()
    {
        var took = _clock.Elapsed;
        var (grid, redis, self) = (Grid - _gridBefore, Of(_redis) - _redisBefore, Of(_self) - _selfBefore);
        return new(took, grid, _redis is null ? null : redis, self, (MachineLoad.Busy() - _busyBefore - grid - redis - self) / took);
    }

    public void Dispose()
    {
        _redis?.Dispose();
        _self.Dispose();
    }

    private static TimeSpan Of(Process? process)
    {
        process?.Refresh();
        return process?.TotalProcessorTime ?? TimeSpan.Zero;
    }
}

/// <summary>What a phase took.</summary>
/// <param name="Took">Its length.</param>
/// <param name="Grid">Processor time of the grid's processes.</param>
/// <param name="Redis">Of its redis-server; null: it has none.</param>
/// <param name="Client">Of the benchmark itself.</param>
/// <param name="Others">Cores that all other processes took; null where the system does not tell.</param>
internal sealed record CpuUse(TimeSpan Took, TimeSpan Grid, TimeSpan? Redis, TimeSpan Client, double? Others)
{
    /// <summary>Columns of a report, by so many jobs.</summary>
    public (string Name, System.Text.Json.Nodes.JsonNode? Value)[] Columns(long jobs) =>
    [
        ("grid CPU, us/job", Math.Round(Grid.TotalMicroseconds / jobs, 1)),
        ("redis CPU, us/job", Redis is { } redis ? Math.Round(redis.TotalMicroseconds / jobs, 1) : null),
        ("client CPU, us/job", Math.Round(Client.TotalMicroseconds / jobs, 1)),
        ("cores taken by other processes", Others is { } others ? Math.Round(others, 2) : null),
    ];
}
