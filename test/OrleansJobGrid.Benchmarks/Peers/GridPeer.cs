using OrleansJobGrid.Benchmarks.Harness;

namespace OrleansJobGrid.Benchmarks.Peers;

/// <summary>This grid, over HTTP.</summary>
internal sealed class GridPeer : IPeer
{
    private const string Payload = """{"duration_ms":0}""";
    private const string Worker = "bench";

    private readonly GridProcess _grid;
    private readonly GridTraffic _traffic;
    private int _sent;

    private GridPeer(GridProcess grid) => (_grid, _traffic) = (grid, new(grid.Url));

    public string Name => "OrleansJobGrid";

    public TimeSpan Cpu => _grid.Cpu;

    public static async Task<IPeer> StartAsync(GridStore store, int slots) => new GridPeer(await GridProcess.StartAsync(store, slots, ("JOBGRID_WORKER__ID", Worker)));

    public Task WorkAsync(bool work) => _traffic.WorkAsync(Worker, work);

    public async Task SubmitAsync(int jobs)
    {
        await _traffic.SubmitAsync(GridTraffic.Batches("job", jobs, Payload, _sent));
        _sent += jobs;
    }

    public Task<long> CompletedAsync() => _traffic.CompletedAsync();

    public async ValueTask DisposeAsync()
    {
        _traffic.Dispose();
        await _grid.DisposeAsync();
    }
}
