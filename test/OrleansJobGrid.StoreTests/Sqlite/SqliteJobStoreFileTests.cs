using System.Diagnostics;
using OrleansJobGrid.Storage;
using OrleansJobGrid.Storage.Sqlite;
using OrleansJobGrid.Storage.Sqlite.Engine;
using OrleansJobGrid.TestKit.Stores;
using Xunit;

namespace OrleansJobGrid.StoreTests.Sqlite;

/// <summary>What SQLite alone has: a folder that is held, a file that may be damaged, a log that must not grow.</summary>
public sealed class SqliteJobStoreFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    private Task<SqliteJobStore> OpenAsync(TimeProvider? time = null) =>
        SqliteJobStore.OpenAsync(new SqliteStoreOptions { DataFolder = _folder.Path }, time ?? TimeProvider.System, Token);

    [Fact]
    public async Task Open_WhenAnotherProcessHoldsTheFolder_NamesTheFolderAndItsPid()
    {
        using var holder = Process.Start(new ProcessStartInfo(
            Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "OrleansJobGrid.StoreWriter.exe" : "OrleansJobGrid.StoreWriter"),
            ["sqlite", _folder.Path])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        try
        {
            Assert.NotNull(await holder.StandardOutput.ReadLineAsync(Token));
            var e = await Assert.ThrowsAsync<StoreInUseException>(() => OpenAsync());
            Assert.Contains(_folder.Path, e.Message, StringComparison.Ordinal);
            Assert.Contains($"process {holder.Id}", e.Message, StringComparison.Ordinal);
        }
        finally
        {
            holder.Kill();
            await holder.WaitForExitAsync(CancellationToken.None);
        }
        // The dead process holds nothing, though its pid's file is still there.
        await using var store = await OpenAsync();
    }

    [Fact]
    public async Task Open_WhenThisProcessHoldsTheFolder_IsRefusedUntilItCloses()
    {
        await using (await OpenAsync())
            await Assert.ThrowsAsync<StoreInUseException>(() => OpenAsync());
        await using var store = await OpenAsync();
    }

    [Fact]
    public async Task Open_WhenTheFileIsNoDatabase_RefusesAndLeavesIt()
    {
        foreach (var content in new[] { "", "notes on jobs", new string('x', 10_000) })
        {
            await File.WriteAllTextAsync(_folder.Database, content, Token);
            await RefusedAsync("not a database");
        }
    }

    [Fact]
    public async Task Open_WhenTheDatabaseIsAnotherPrograms_RefusesAndLeavesIt()
    {
        using (var other = SqliteConnection.Open(_folder.Database, create: true))
            other.Execute("CREATE TABLE jobs (id); PRAGMA user_version=1");
        await RefusedAsync("another program");
    }

    [Fact]
    public async Task Open_WhenTheVersionIsNewer_RefusesAlsoWhereOnlyTheLogSaysSo()
    {
        await (await OpenAsync()).DisposeAsync();
        using (var newer = SqliteConnection.Open(_folder.Database))
        {
            newer.Execute("PRAGMA user_version=2");
            await RefusedAsync("newer version");
            newer.Checkpoint(SQLitePCL.raw.SQLITE_CHECKPOINT_TRUNCATE);
        }
        await RefusedAsync("newer version");
    }

    [Fact]
    public async Task Open_WhenTheFileIsOlderThanDocuments_GivesItTheirTable()
    {
        await using (var store = await OpenAsync())
            await store.ApplyAsync(0, [Ops.Create("kept")], Token);
        using (var older = SqliteConnection.Open(_folder.Database))
            older.Execute("DROP TABLE documents");

        await using (var store = await OpenAsync())
        {
            Assert.Equal(new DocumentAnswer(true, 1), await store.WriteDocumentAsync("budgets", "a", 0, Ops.Bytes("body"), Token));
            Assert.NotNull((await store.ReadJobsAsync(0, ["kept"], Token))[0]);
        }
        await using var again = await OpenAsync();
        Assert.Single(await again.ReadDocumentsAsync("budgets", Token));
    }

    [Fact]
    public async Task Open_WhenAPageIsDamaged_RefusesAndLeavesIt()
    {
        await using (var store = await OpenAsync())
            for (var n = 0; n < 5; n++)
                await store.ApplyAsync(0, [.. Enumerable.Range(0, 200).Select(k => Ops.Create($"job-{n}-{k}", new string('r', 500)))], Token);
        await using (var file = new FileStream(_folder.Database, FileMode.Open))
        {
            Assert.True(file.Length > 400_000);
            file.Position = 200_000;
            file.Write(Enumerable.Repeat((byte)0xa5, 20_000).ToArray());
        }
        await RefusedAsync("damaged");
    }

    [Fact]
    public async Task Close_FoldsTheLogAndLetsTheFolderGo()
    {
        await using (var store = await OpenAsync())
        {
            await store.ApplyAsync(0, [Ops.Create("job")], Token);
            Assert.True(File.Exists(Path.Combine(_folder.Path, "jobgrid.pid")));
        }
        Assert.Equal(["jobgrid.db", "jobgrid.lock"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task Calls_AfterClosing_SayThatItIsClosed()
    {
        var store = await OpenAsync();
        await store.DisposeAsync();
        await store.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await store.ApplyAsync(0, [Ops.Create("job")], Token));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await store.ReadReadyMarksAsync(Token));
    }

    [Fact]
    public async Task Log_WhileWritersNeverRest_StaysBounded()
    {
        await using var store = await OpenAsync();
        var padding = new string('p', 3_000);
        // About 4 MB a round of each lane; without folding beside the writer 500 MB in all.
        await Task.WhenAll(Enumerable.Range(0, 4).Select(lane => Task.Run(
            async () =>
            {
                for (var n = 0; n < 30; n++)
                    await store.ApplyAsync(0, [.. Enumerable.Range(0, 250).Select(k => Ops.Create($"{lane}-{n}-{k}", padding))], Token);
            },
            Token)));
        Assert.True(new FileInfo(_folder.Database).Length > 60_000_000);
        Assert.InRange(new FileInfo(_folder.Database + "-wal").Length, 1, 90_000_000);
    }

    [Fact]
    public async Task FailedWrite_LeavesNothingOfItsBatchAndDisturbsNoOther()
    {
        await using var store = await OpenAsync();
        var first = Ops.Create("first") with { AddReady = Ops.Ready(), AddEntries = [new("all", 1)], Counters = [new("n", 1)] };
        await store.ApplyAsync(0, [first], Token);
        using (var breaker = SqliteConnection.Open(_folder.Database))
            breaker.Execute("CREATE TRIGGER broken BEFORE INSERT ON events WHEN NEW.body = x'FF' BEGIN SELECT RAISE(FAIL, 'broken on purpose'); END");

        JobOperation Good(string id) => Ops.Create(id) with { AddReady = Ops.Ready(), AddEntries = [new("all", 1), new("fresh", 1)], Counters = [new("n", 1)] };
        var poisoned = new[] { Good("in-the-same-batch"), Good("poisoned") with { Events = [new byte[] { 0xff }] } };
        // Sent together, so that the writer finds them waiting as one group.
        var calls = new[] { [Good("a")], poisoned, [Good("b")] }.Select(batch => store.ApplyAsync(0, batch, Token).AsTask()).ToList();
        var e = await Assert.ThrowsAsync<JobStoreException>(() => calls[1]);
        Assert.Contains("broken on purpose", e.Message, StringComparison.Ordinal);
        Assert.Equal(OperationOutcome.Applied, (await calls[0]).Results[0].Outcome);
        Assert.Equal(OperationOutcome.Applied, (await calls[2]).Results[0].Outcome);

        var dump = await store.DumpAsync(0, Token);
        Assert.Equal(["a", "b", "first"], dump.Jobs.Select(j => j.JobId).Order());
        Assert.Equal([1, 2, 3], dump.Ready.Select(r => r.Ready.Number).Order());
        Assert.Equal([3, 2], await store.CountIndexesAsync(0, ["all", "fresh"], Token));
        Assert.Equal(3, (await store.ReadCountersAsync(Token))["n"]);
    }

    [Fact]
    public async Task EndedMark_IsForgottenAfterItsAge()
    {
        var time = new OffsetTimeProvider();
        await using var store = await OpenAsync(time);
        await store.MarkSessionEndedAsync("old", Token);
        time.Step(StoreLimits.EndedMarkAge + TimeSpan.FromMinutes(1));
        await store.MarkSessionEndedAsync("new", Token);
        var results = (await store.ApplyAsync(0, [Ops.Create("a") with { Session = "old" }, Ops.Create("b") with { Session = "new" }], Token)).Results;
        Assert.Equal([OperationOutcome.Applied, OperationOutcome.SessionEnded], results.Select(r => r.Outcome));
    }

    [Fact]
    public async Task Signatures_OfNoReadyJob_AreGoneAfterReopening()
    {
        await using (var store = await OpenAsync())
        {
            var gone = Ops.Create("gone") with { AddReady = Ops.Ready(signature: "gone") };
            await store.ApplyAsync(0, [gone, Ops.Create("here") with { AddReady = Ops.Ready(signature: "here") }], Token);
            await store.ApplyAsync(0, [Ops.After(gone) with { RemoveReady = true }], Token);
        }
        await using var again = await OpenAsync();
        Assert.Equal(["here"], (await again.ReadSignaturesAsync(0, Token)).Values);
    }

    private async Task RefusedAsync(string because)
    {
        var before = await File.ReadAllBytesAsync(_folder.Database, Token);
        var e = await Assert.ThrowsAsync<StoreDamagedException>(() => OpenAsync());
        Assert.Contains(because, e.Message, StringComparison.Ordinal);
        Assert.Contains(_folder.Database, e.Message, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(_folder.Database, Token));
    }
}
