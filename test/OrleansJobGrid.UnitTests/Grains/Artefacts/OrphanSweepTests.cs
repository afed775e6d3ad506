using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Artefacts.S3;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Artefacts;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Storage;
using OrleansJobGrid.Storage;
using OrleansJobGrid.Storage.Sqlite;
using OrleansJobGrid.TestService.S3;
using OrleansJobGrid.UnitTests.Artefacts;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Artefacts;

/// <summary>What the sweep of orphans takes and what it leaves, in a folder and in a bucket.</summary>
public sealed class OrphanSweepTests : IAsyncLifetime
{
    private static readonly TimeSpan Keep = TimeSpan.FromDays(31);
    private static readonly TimeSpan Long = TimeSpan.FromDays(32);

    private readonly string _folder = Directory.CreateTempSubdirectory("sweep-").FullName;
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());
    private SqliteJobStore _store = null!;
    private S3Server? _server;
    private IArtefactStore _artefacts = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        _store = await SqliteJobStore.OpenAsync(new() { DataFolder = Path.Combine(_folder, "data") }, _time, Cancellation);

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        if (_server is not null)
        {
            ((IDisposable)_artefacts).Dispose();
            await _server.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(ArtefactBackend.Folder)]
    [InlineData(ArtefactBackend.S3)]
    public async Task Run_TakesWhatNobodyRefersTo_AndNothingElse(ArtefactBackend kind)
    {
        await OpenAsync(kind);
        var named = await UploadAsync("named");
        var unnamed = await UploadAsync("unnamed");
        await SubmitAsync("alive", $$"""{"inputs":["{{named}}"]}""");
        string[] kept = ["alive/1/out", "scratch/alive/1/piece"];
        string[] orphans = ["gone/1/out", "gone/2/out", "scratch/gone/1/piece", "scratch/callback-4711/0/answer"];
        foreach (var id in kept.Concat(orphans))
            await WriteAsync(id);
        Age(Long);
        await WriteAsync("gone/3/young");
        var young = await UploadAsync("young");

        var counted = await SweepAsync(remove: false);
        Assert.Equal((1, 4, 0), (counted.Uploads, counted.Pieces, counted.Unfinished));
        Assert.NotNull(await ReadAsync(unnamed));
        var report = await SweepAsync();
        Assert.Equal(counted with { Bytes = report.Bytes }, report);
        Assert.Equal("unnamed".Length + orphans.Sum(o => o.Length), report.Bytes);
        foreach (var id in (string[])[.. orphans, unnamed])
            Assert.Null(await ReadAsync(id));
        foreach (var id in (string[])[.. kept, named, young, "gone/3/young"])
            Assert.NotNull(await ReadAsync(id));
        Assert.Equal(0, (await SweepAsync()).Count);
    }

    [Theory]
    [InlineData(ArtefactBackend.Folder)]
    [InlineData(ArtefactBackend.S3)]
    public async Task Run_SparesAnUploadThatASubmissionMarkedBeforeItsRecordCame(ArtefactBackend kind)
    {
        await OpenAsync(kind);
        var upload = await UploadAsync("reused");
        var other = await UploadAsync("other");
        Age(Long);
        await new UploadUse(_artefacts, _time).Mark(Encoding.UTF8.GetBytes($"[\"{upload}\"]"));

        Assert.Equal(1, (await SweepAsync()).Uploads);
        Assert.NotNull(await ReadAsync(upload));
        Assert.Null(await ReadAsync(other));
        Age(Long);
        await SweepAsync();
        Assert.Null(await ReadAsync(upload));
    }

    [Fact]
    public async Task Run_TakesWhatWritesLeftThatWereCutShort()
    {
        await OpenAsync(ArtefactBackend.S3);
        _server!.Fault = call => call.Operation is "UploadPart" or "AbortMultipartUpload" ? S3Fault.AccessDenied : null;
        await Assert.ThrowsAsync<ArtefactStoreException>(() => _artefacts.WriteOnceAsync("gone/1/film", new MemoryStream(new byte[1000]), Cancellation));
        _server.Fault = _ => null;
        Assert.Equal(0, (await SweepAsync()).Count);
        Age(Long);
        Assert.Equal(1, (await SweepAsync()).Unfinished);
        Assert.Empty(_server.Unfinished);
    }

    [Fact]
    public async Task Run_SparesAndCountsPiecesOfJobsThatCannotBeTold()
    {
        await OpenAsync(ArtefactBackend.Folder);
        var job = new string(':', 100);
        await WriteAsync($"{job}/1/out");
        Age(Long);
        Assert.Equal(new OrphanReport(0, 0, 0, 0, 1), await SweepAsync());
        Assert.NotNull(await ReadAsync($"{job}/1/out"));
    }

    [Fact]
    public async Task Run_OverManyPiecesAndJobs_LooksAtAllOfThem()
    {
        await OpenAsync(ArtefactBackend.Folder);
        var named = new List<string>();
        for (var i = 0; i < 1_100; i++)
        {
            if (i % 100 == 0)
                named.Add(await UploadAsync($"input {i}"));
            await SubmitAsync($"job-{i}", i % 100 == 0 ? $"[\"{named[^1]}\"]" : "[1]");
            await WriteAsync($"job-{i}/1/out");
        }

        await WriteAsync("zzz/1/out");
        Age(Long);
        var report = await SweepAsync();
        Assert.Equal((0, 1), (report.Uploads, report.Pieces));
        foreach (var id in named)
            Assert.NotNull(await ReadAsync(id));
    }

    [Fact]
    public async Task Run_RemovesNoMoreThanAHundredASecond()
    {
        await OpenAsync(ArtefactBackend.Folder);
        for (var i = 0; i < 150; i++)
            await WriteAsync($"gone/1/{i}");
        Age(Long);
        var sweeping = SweepAsync();
        while (Left() > 51)
            await Task.Yield();
        Assert.False(sweeping.IsCompleted);
        Assert.Equal(51, Left());
        while (!sweeping.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal(150, (await sweeping).Pieces);
        int Left() => Directory.GetFiles(Path.Combine(_folder, "artefacts", "jobs"), "*", SearchOption.AllDirectories).Length;
    }

    [Fact]
    public async Task Look_OfManySilos_SweepsOnceAnInterval()
    {
        await OpenAsync(ArtefactBackend.Folder);
        var clock = new StoreClock(_time);
        clock.Observe(_time.GetUtcNow().ToUnixTimeMilliseconds());
        var silos = Enumerable.Range(0, 4).Select(_ => Sweeper(clock)).ToList();
        foreach (var expected in (int[])[1, 2, 3])
        {
            await WriteAsync($"gone/{expected}/out");
            Age(Long);
            _time.Advance(TimeSpan.FromHours(6));
            await Task.WhenAll(silos.Select(s => Task.Run(() => s.Look(Cancellation))));
            Assert.Null(await ReadAsync($"gone/{expected}/out"));
            Assert.Equal(expected, (await _store.ReadDocumentsAsync(OrphanSweeper.Collection, Cancellation)).Single().Version);
        }

        await WriteAsync("gone/9/out");
        _time.Advance(TimeSpan.FromHours(5));
        await silos[0].Look(Cancellation);
        Assert.Equal(3, (await _store.ReadDocumentsAsync(OrphanSweeper.Collection, Cancellation)).Single().Version);
        _time.Advance(TimeSpan.FromHours(1));
        await silos[1].Look(Cancellation);
        Assert.Equal(4, (await _store.ReadDocumentsAsync(OrphanSweeper.Collection, Cancellation)).Single().Version);
    }

    [Fact]
    public async Task Keep_IsNeverShorterThanTheLongestAttemptAndADay()
    {
        await OpenAsync(ArtefactBackend.Folder);
        Assert.Equal(Keep, Sweeper(new(_time)).Keep);
        Assert.Equal(TimeSpan.FromDays(41), Sweeper(new(_time), o => o.AttemptTimeouts["film"] = TimeSpan.FromDays(40)).Keep);
        Assert.Equal(TimeSpan.FromDays(36), Sweeper(new(_time), o => o.AttemptTimeout = TimeSpan.FromDays(35)).Keep);
    }

    private OrphanSweeper Sweeper(StoreClock clock, Action<JobGridOptions>? change = null)
    {
        var options = new JobGridOptions();
        change?.Invoke(options);
        return new(_store, _artefacts, clock, new(), Options.Create(options), _time, NullLogger<OrphanSweeper>.Instance);
    }

    private async Task OpenAsync(ArtefactBackend kind)
    {
        if (kind == ArtefactBackend.Folder)
        {
            _artefacts = FolderArtefactStore.Open(Path.Combine(_folder, "artefacts"), _time);
            return;
        }

        _server = await S3Server.StartAsync(_time);
        _artefacts = await S3ArtefactStore.OpenAsync(_server.Options(), Path.Combine(_folder, "spool"), partBytes: 500, Cancellation);
    }

    /// <summary>What lies there grows older, and the clock stays: the SDK signs by the machine's.</summary>
    private void Age(TimeSpan age)
    {
        if (_server is not null)
        {
            _server.Age(age);
            return;
        }

        foreach (var file in Directory.EnumerateFiles(Path.Combine(_folder, "artefacts"), "*", SearchOption.AllDirectories))
            File.SetLastWriteTimeUtc(file, File.GetLastWriteTimeUtc(file) - age);
    }

    private Task<OrphanReport> SweepAsync(bool remove = true) => new OrphanSweep(_store, _artefacts, _time).Run(Keep, remove, Cancellation);

    private async Task<string> UploadAsync(string text) => (await _artefacts.UploadAsync(new MemoryStream(Encoding.UTF8.GetBytes(text)), 100, Cancellation)).Artefact;

    private Task WriteAsync(string id) => _artefacts.WriteOnceAsync(id, new MemoryStream(Encoding.UTF8.GetBytes(id)), Cancellation);

    private async Task<string?> ReadAsync(string id)
    {
        await using var stream = await _artefacts.OpenReadAsync(id, Cancellation);
        return stream is null ? null : await new StreamReader(stream).ReadToEndAsync(Cancellation);
    }

    private async Task SubmitAsync(string id, string payload)
    {
        var change = JobDecisions.Create(
            new JobSubmission { Id = id, Service = "s", Payload = Encoding.UTF8.GetBytes(payload), BodyHash = "h" },
            1, _time.GetUtcNow().ToUnixTimeMilliseconds(), 1_000, new());
        var answer = await _store.ApplyAsync(JobShard.Of(id, _store.ShardCount), [change.ToOperation(id, 0, default, OperationIds.Next())], Cancellation);
        Assert.True(answer.Results.Single().Holds);
    }
}
