using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using OrleansJobGrid.TestKit.Grid;
using Xunit;

namespace OrleansJobGrid.TestKit.Redis;

/// <summary>
/// A redis-server of a test's own, on a free port of 127.0.0.1 and with a folder of its own. Where the program is absent the test is
/// skipped, or fails if <c>JOBGRID_REQUIRE_REDIS=1</c>.
/// </summary>
public sealed class RedisServer : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    private readonly RedisServerSettings _settings;
    private Process? _process;

    private RedisServer(RedisServerSettings settings)
    {
        _settings = settings;
        Folder = settings.Folder ?? Directory.CreateTempSubdirectory("jobgrid-redis-").FullName;
    }

    /// <summary>The port; the same after <see cref="RestartAsync"/>.</summary>
    public int Port { get; private set; }

    /// <summary><c>127.0.0.1:PORT</c>.</summary>
    public string Endpoint => $"127.0.0.1:{Port}";

    /// <summary>Where its files lie.</summary>
    public string Folder { get; }

    /// <summary>Whether it runs, stopped processes included.</summary>
    public bool IsRunning => _process is { HasExited: false };

    /// <summary>The running server's process.</summary>
    public int ProcessId => (_process ?? throw new InvalidOperationException("The server is not running.")).Id;

    /// <summary>Starts a server and waits until it takes connections.</summary>
    public static async Task<RedisServer> StartAsync(RedisServerSettings? settings = null, CancellationToken cancellationToken = default)
    {
        var program = FindProgram();
        if (program is null && Environment.GetEnvironmentVariable("JOBGRID_REQUIRE_REDIS") == "1")
            Assert.Fail("JOBGRID_REQUIRE_REDIS is 1, but there is no redis-server on the PATH.");
        if (program is null)
            Assert.Skip("There is no redis-server on the PATH.");
        var server = new RedisServer(settings ?? new());
        try
        {
            // Between the choice of a free port and its use another process may take it.
            for (var attempt = 1; ; attempt++)
            {
                server.Port = FreePorts.Next();
                var fault = await server.LaunchAsync(cancellationToken);
                if (fault is null)
                    return server;
                if (attempt == 5 || !fault.Contains("Address already in use", StringComparison.Ordinal))
                    throw new InvalidOperationException($"redis-server did not start: {fault}");
            }
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Kills the server as SIGKILL does: nothing is flushed, nobody is told.</summary>
    public async Task KillAsync()
    {
        if (_process is not { } process)
            return;
        _process = null;
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    /// <summary>Where its append-only files lie.</summary>
    public string AppendOnlyFolder => Path.Combine(Folder, "appendonlydir");

    /// <summary>
    /// Starts the server again on the same port and folder, killing it first if it runs, and checking its append-only files as a
    /// deployment does.
    /// </summary>
    public async Task RestartAsync(CancellationToken cancellationToken = default)
    {
        await KillAsync();
        if (_settings.AppendOnly == "yes" && await CheckAppendOnlyAsync(cancellationToken) is not (0, _) and var (code, said))
            throw new InvalidOperationException($"check-aof.sh ended with {code}: {said}");
        if (await LaunchAsync(cancellationToken) is { } fault)
            throw new InvalidOperationException($"redis-server did not start again: {fault}");
    }

    /// <summary>Runs deploy/redis/check-aof.sh on its append-only files; the server must not run.</summary>
    /// <returns>Its exit code, and what it said.</returns>
    public async Task<(int ExitCode, string Said)> CheckAppendOnlyAsync(CancellationToken cancellationToken = default)
    {
        using var check = Process.Start(new ProcessStartInfo("/bin/sh", [Path.Combine(AppContext.BaseDirectory, "check-aof.sh"), AppendOnlyFolder])
        {
            RedirectStandardError = true,
        })!;
        var said = await check.StandardError.ReadToEndAsync(cancellationToken);
        await check.WaitForExitAsync(cancellationToken);
        return (check.ExitCode, said);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        if (_settings.Folder is null)
            Directory.Delete(Folder, recursive: true);
    }

    /// <summary>Null once the server takes connections, else what it printed.</summary>
    private async Task<string?> LaunchAsync(CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(FindProgram() ?? throw new InvalidOperationException("There is no redis-server on the PATH."))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in _settings.Arguments(Port, Folder))
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in _settings.Environment)
            start.Environment[name] = value;
        var output = new StringBuilder();
        var ready = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        void Take(string? line)
        {
            lock (output)
                output.AppendLine(line);
            if (line?.Contains("Ready to accept connections", StringComparison.Ordinal) == true)
                ready.TrySetResult(true);
        }
        process.OutputDataReceived += (_, data) => Take(data.Data);
        process.ErrorDataReceived += (_, data) => Take(data.Data);
        process.Exited += (_, _) => ready.TrySetResult(false);
        process.Start();
        _process = process;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        bool up;
        try
        {
            up = await ready.Task.WaitAsync(StartLimit, TimeProvider.System, cancellationToken);
        }
        catch (TimeoutException)
        {
            await KillAsync();
            lock (output)
                throw new TimeoutException($"redis-server took no connections within {StartLimit}: {output}");
        }
        if (up)
            return null;
        await process.WaitForExitAsync(cancellationToken);
        await KillAsync();
        lock (output)
            return output.ToString();
    }

    private static string? FindProgram() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(folder => new[] { Path.Combine(folder, "redis-server"), Path.Combine(folder, "redis-server.exe") })
            .FirstOrDefault(File.Exists);
}
