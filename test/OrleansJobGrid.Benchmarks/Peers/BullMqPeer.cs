using System.Diagnostics;
using System.Globalization;
using OrleansJobGrid.Benchmarks.Harness;
using StackExchange.Redis;

namespace OrleansJobGrid.Benchmarks.Peers;

/// <summary>BullMQ on Node: a process that works (or two with half of the slots each), and one that adds.</summary>
internal sealed class BullMqPeer : IPeer
{
    private const string Queue = "bench";

    private readonly string _folder;
    private readonly int _port;
    private readonly int _slots;
    private readonly int _processes;
    private readonly ConnectionMultiplexer _redis;
    private readonly List<Process> _workers = [];
    private TimeSpan _cpuOfEnded;

    private BullMqPeer(string folder, int port, int slots, int processes, ConnectionMultiplexer redis) =>
        (_folder, _port, _slots, _processes, _redis) = (folder, port, slots, processes, redis);

    public string Name => $"BullMQ 6.7.0, {_processes} worker process{(_processes == 1 ? "" : "es")}";

    public TimeSpan Cpu => _cpuOfEnded + TimeSpan.FromTicks(_workers.Sum(w =>
    {
        w.Refresh();
        return w.TotalProcessorTime.Ticks;
    }));

    /// <summary>Installs it with npm into a folder of its own; throws where Node or npm is absent.</summary>
    public static async Task<string> InstallAsync(GridStore store)
    {
        var folder = Directory.CreateDirectory(Path.Combine(store.Folder, "bullmq")).FullName;
        foreach (var file in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Peers", "bullmq")))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        using var npm = Start(folder, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts");
        var said = await npm.StandardOutput.ReadToEndAsync() + await npm.StandardError.ReadToEndAsync();
        await npm.WaitForExitAsync();
        return npm.ExitCode == 0 ? folder : throw new InvalidOperationException($"npm ended with {npm.ExitCode}: {said}");
    }

    public static async Task<IPeer> StartAsync(GridStore store, string folder, int slots, int processes)
    {
        var peer = new BullMqPeer(folder, store.Redis!.Port, slots, processes, await ConnectionMultiplexer.ConnectAsync(store.Redis.Endpoint));
        await peer.WorkAsync(true);
        return peer;
    }

    public async Task WorkAsync(bool work)
    {
        if (!work)
        {
            await EndAsync();
            return;
        }

        while (_workers.Count < _processes)
        {
            var worker = Start(_folder, "node", "worker.mjs", Text(_port), Queue, Text(_slots / _processes));
            _workers.Add(worker);
            if (await worker.StandardOutput.ReadLineAsync() != "ready")
                throw new InvalidOperationException($"BullMQ's worker did not start: {await worker.StandardError.ReadToEndAsync()}");
        }
    }

    public async Task SubmitAsync(int jobs)
    {
        using var submit = Start(_folder, "node", "submit.mjs", Text(_port), Queue, Text(jobs));
        await CountAsync(submit);
    }

    public Task<long> CompletedAsync() => _redis.GetDatabase().SortedSetLengthAsync($"bull:{Queue}:completed");

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        await _redis.DisposeAsync();
    }

    private async Task EndAsync()
    {
        foreach (var worker in _workers)
        {
            worker.StandardInput.Close();
            await CountAsync(worker);
            worker.Dispose();
        }

        _workers.Clear();
    }

    /// <summary>Takes in the processor time that a process says it took, its last word.</summary>
    private async Task CountAsync(Process process)
    {
        var said = await process.StandardOutput.ReadLineAsync();
        if (!long.TryParse(said, NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds))
            throw new InvalidOperationException($"BullMQ's process failed: {said} {await process.StandardError.ReadToEndAsync()}");
        await process.WaitForExitAsync();
        _cpuOfEnded += TimeSpan.FromMicroseconds(microseconds);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static Process Start(string folder, string program, params string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        WorkingDirectory = folder,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;
}
