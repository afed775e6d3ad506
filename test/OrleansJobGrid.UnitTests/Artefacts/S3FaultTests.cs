using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Artefacts.S3;
using OrleansJobGrid.TestService.S3;
using Xunit;

namespace OrleansJobGrid.UnitTests.Artefacts;

/// <summary>What a service does wrong, and what becomes of it.</summary>
public sealed class S3FaultTests : IAsyncLifetime
{
    private const int PartBytes = 64 << 10;

    private readonly string _spool = Directory.CreateTempSubdirectory("spool-").FullName;
    private readonly List<S3ArtefactStore> _stores = [];
    private S3Server _server = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await S3Server.StartAsync();

    public async ValueTask DisposeAsync()
    {
        Assert.Empty(Directory.GetFiles(_spool));
        _stores.ForEach(s => s.Dispose());
        await _server.DisposeAsync();
        Directory.Delete(_spool, recursive: true);
    }

    [Fact]
    public async Task Open_WhereWritesAreNotConditional_IsRefusedWithTheMend()
    {
        _server.ConditionalWrites = false;
        var error = await Assert.ThrowsAsync<InvalidDataException>(() => OpenAsync());
        Assert.Contains("JobGrid:Artefacts:Kind is S3, but the service of bucket 'grid' at " + _server.Url, error.Message, StringComparison.Ordinal);
        Assert.Contains("If-None-Match", error.Message, StringComparison.Ordinal);
        Assert.Contains("Kind Folder", error.Message, StringComparison.Ordinal);
        Assert.Empty(_server.Keys);
    }

    [Fact]
    public async Task Open_WhereHashesAreNotVerified_IsRefused()
    {
        _server.Checksums = false;
        Assert.Contains("x-amz-checksum-sha256", (await Assert.ThrowsAsync<InvalidDataException>(() => OpenAsync())).Message, StringComparison.Ordinal);
        Assert.Empty(_server.Keys);
    }

    [Fact]
    public async Task Open_LeavesNothingOfItsTryBehind()
    {
        await OpenAsync();
        Assert.Equal(["store-id"], _server.Keys);
        Assert.Empty(_server.Unfinished);
    }

    [Fact]
    public async Task Open_WithAWrongSecret_NamesTheSettingAndNotTheSecret()
    {
        var error = await Assert.ThrowsAsync<ArtefactStoreException>(() => OpenAsync(o => o.SecretKey = "another/secret"));
        Assert.Contains("SignatureDoesNotMatch (403). Mend JobGrid:Artefacts:AccessKey and SecretKey.", error.Message, StringComparison.Ordinal);
        for (Exception? at = error; at is not null; at = at.InnerException)
            Assert.DoesNotContain("another/secret", at.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_OfNoBucketOrAForeignOne_NamesIt()
    {
        var none = await Assert.ThrowsAsync<ArtefactStoreException>(() => OpenAsync(o => o.Bucket = "nowhere"));
        Assert.Contains("bucket 'nowhere' at " + _server.Url, none.Message, StringComparison.Ordinal);
        Assert.Contains("NoSuchBucket", none.Message, StringComparison.Ordinal);
        _server.Fault = _ => S3Fault.AccessDenied;
        Assert.Contains("must be allowed", (await Assert.ThrowsAsync<ArtefactStoreException>(() => OpenAsync())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_WithADamagedId_IsRefused()
    {
        await OpenAsync();
        _server.Damage("store-id", new byte[32]);
        Assert.Contains("store-id", (await Assert.ThrowsAsync<ArtefactStoreException>(() => OpenAsync())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_WhenTheServiceIsBusyAMoment_GoesOn()
    {
        var store = await OpenAsync();
        var refused = 0;
        _server.Fault = _ => refused++ < 2 ? S3Fault.SlowDown : null;
        await store.WriteOnceAsync("job/1/out", Content(10), Cancellation);
        Assert.InRange(refused, 3, int.MaxValue);
        Assert.Equal(10, _server.Read("jobs/job/1/out")!.Length);
    }

    [Theory]
    [InlineData(10, "PutObject")]
    [InlineData((2 * PartBytes) + 10, "UploadPart")]
    public async Task Write_WhenTheConnectionBreaksOnce_IsWholeAllTheSame(int size, string operation)
    {
        var store = await OpenAsync();
        var faults = 0;
        _server.Fault = call => call.Operation == operation && faults++ == 0 ? new S3Fault.Cut(5) : null;
        await store.WriteOnceAsync("job/1/out", Content(size), Cancellation);
        Assert.InRange(faults, 2, int.MaxValue);
        Assert.Equal(Content(size).ToArray(), _server.Read("jobs/job/1/out"));
    }

    [Theory]
    [InlineData(10, "PutObject")]
    [InlineData((2 * PartBytes) + 10, "CompleteMultipartUpload")]
    public async Task Write_WhenTheAnswerIsLost_IsFoundToBeItsOwn(int size, string operation)
    {
        var store = await OpenAsync();
        var faults = 0;
        _server.Fault = call => call.Operation == operation && faults++ == 0 ? new S3Fault.AnswerLost() : null;
        var kept = await store.WriteOnceAsync("job/1/out", Content(size), Cancellation);
        Assert.Equal(size, kept.Size);
        Assert.InRange(faults, 2, int.MaxValue);
        Assert.Equal(Content(size).ToArray(), _server.Read("jobs/job/1/out"));
    }

    [Theory]
    [InlineData(10, "PutObject")]
    [InlineData((2 * PartBytes) + 10, "CompleteMultipartUpload")]
    public async Task Write_BesideAnotherWriter_IsTriedAgain(int size, string operation)
    {
        var store = await OpenAsync();
        var conflicts = 0;
        _server.Fault = call => call.Operation == operation && conflicts++ == 0
            ? new S3Fault.Refused(409, "ConditionalRequestConflict", "A conflicting conditional operation is currently in progress against this resource.")
            : null;
        await store.WriteOnceAsync("job/1/out", Content(size), Cancellation);
        Assert.Equal(2, conflicts);
        Assert.Equal(Content(size).ToArray(), _server.Read("jobs/job/1/out"));
        Assert.Empty(_server.Unfinished);
        _server.Fault = call => call.Operation == operation ? new S3Fault.Refused(409, "ConditionalRequestConflict", "In progress.") : null;
        var error = await Assert.ThrowsAsync<ArtefactStoreException>(() => store.WriteOnceAsync("job/1/other", Content(size), Cancellation));
        Assert.Contains("ConditionalRequestConflict (409)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_InPartsOverAnother_IsRefusedAndLeavesNoParts()
    {
        var store = await OpenAsync();
        await store.WriteOnceAsync("job/1/out", Content(3 * PartBytes), Cancellation);
        await store.WriteOnceAsync("job/1/out", Content(3 * PartBytes), Cancellation);
        await Assert.ThrowsAsync<ArtefactExistsException>(() => store.WriteOnceAsync("job/1/out", Content((3 * PartBytes) + 1), Cancellation));
        Assert.Empty(_server.Unfinished);
        Assert.Equal(3 * PartBytes, _server.Read("jobs/job/1/out")!.Length);
    }

    [Fact]
    public async Task Write_WhenAPartIsRefused_KeepsNothing()
    {
        var store = await OpenAsync();
        _server.Fault = call => call.Operation == "UploadPart" ? S3Fault.AccessDenied : null;
        var error = await Assert.ThrowsAsync<ArtefactStoreException>(() => store.WriteOnceAsync("job/1/out", Content(2 * PartBytes), Cancellation));
        Assert.Contains("Writing 'jobs/job/1/out' in bucket 'grid'", error.Message, StringComparison.Ordinal);
        Assert.Equal(["store-id"], _server.Keys);
        Assert.Empty(_server.Unfinished);
    }

    [Fact]
    public async Task Unfinished_WritesAreListedAndRemovedWhenTheyAreOld()
    {
        var store = await OpenAsync();
        _server.Fault = call => call.Operation is "UploadPart" or "AbortMultipartUpload" ? S3Fault.AccessDenied : null;
        await Assert.ThrowsAsync<ArtefactStoreException>(() => store.WriteOnceAsync("job/1/out", Content(2 * PartBytes), Cancellation));
        await Assert.ThrowsAsync<ArtefactStoreException>(() => store.WriteOnceAsync("job/1/out2", Content(2 * PartBytes), Cancellation));
        _server.Fault = _ => null;
        _server.PageSize = 1;
        Assert.Equal(2, _server.Unfinished.Count);
        _server.Age(TimeSpan.FromDays(2));
        var found = new List<StoredArtefact>();
        await foreach (var stored in store.ListAllAsync(Cancellation))
            found.Add(stored);
        Assert.Equal([StoredKind.Unfinished, StoredKind.Unfinished], found.Select(f => f.Kind));
        var now = TimeProvider.System.GetUtcNow();
        Assert.False(await store.DeleteOldAsync(found[0], now.AddDays(-3), Cancellation));
        Assert.True(await store.DeleteOldAsync(found[0], now.AddDays(-1), Cancellation));
        Assert.False(await store.DeleteOldAsync(found[0], now.AddDays(-1), Cancellation));
        Assert.Single(_server.Unfinished);
    }

    [Fact]
    public async Task Read_WhenTheConnectionBreaks_GoesOnWhereItBroke_ButNotForEver()
    {
        var store = await OpenAsync();
        await store.WriteOnceAsync("job/1/out", Content(100_000), Cancellation);
        var cuts = 0;
        var read = new TaskCompletionSource();
        _server.Fault = call => call.Operation == "GetObject" && cuts++ == 0 ? new S3Fault.Cut(40_000, read.Task) : null;
        var content = new byte[100_000];
        await using (var stream = (await store.OpenReadAsync("job/1/out", Cancellation))!)
        {
            await stream.ReadExactlyAsync(content.AsMemory(0, 40_000), Cancellation);
            read.SetResult();
            await stream.ReadExactlyAsync(content.AsMemory(40_000), Cancellation);
        }

        Assert.Equal(Content(100_000).ToArray(), content);
        Assert.Equal("bytes=40000-99999", _server.Calls.Last().Headers.Range);
        _server.Fault = call => call.Operation == "GetObject" ? new S3Fault.Cut(0) : null;
        var error = await Assert.ThrowsAsync<ArtefactStoreException>(() => ReadAllAsync(store));
        Assert.Contains("'jobs/job/1/out' in bucket 'grid'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_OfAPlace_AsksForNothingBeforeIt()
    {
        var store = await OpenAsync();
        await store.WriteOnceAsync("job/1/out", Content(1000), Cancellation);
        await using var stream = (await store.OpenReadAsync("job/1/out", Cancellation))!;
        Assert.Equal("HeadObject", _server.Calls.Last().Operation);
        stream.Position = 990;
        await stream.ReadExactlyAsync(new byte[10], Cancellation);
        Assert.Equal("bytes=990-999", _server.Calls.Last().Headers.Range);
    }

    [Fact]
    public async Task Read_OfWhatWasReplacedMeanwhile_IsAFault()
    {
        var store = await OpenAsync();
        await store.WriteOnceAsync("job/1/out", Content(1000), Cancellation);
        await using var stream = (await store.OpenReadAsync("job/1/out", Cancellation))!;
        await store.DeleteJobAsync("job", Cancellation);
        await store.WriteOnceAsync("job/1/out", Content(1001), Cancellation);
        await Assert.ThrowsAsync<ArtefactStoreException>(async () => await stream.ReadExactlyAsync(new byte[10], Cancellation));
    }

    [Fact]
    public async Task Lists_OfSeveralPages_AreWhole()
    {
        var store = await OpenAsync();
        for (var i = 0; i < 7; i++)
            await store.WriteOnceAsync($"scratch/job/1/{i}", Content(i), Cancellation);
        _server.PageSize = 3;
        Assert.Equal(7, (await store.ListScratchAsync("job", Cancellation)).Count);
        await store.DeleteScratchAsync("job", Cancellation);
        Assert.Equal(["store-id"], _server.Keys);
    }

    [Fact]
    public async Task AClockThatIsWrong_IsSetByTheServices()
    {
        var ahead = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(TimeProvider.System.GetUtcNow().AddHours(2));
        await using var server = await S3Server.StartAsync(ahead);
        var store = await OpenAsync(o => o.Endpoint = server.Url.ToString());
        await store.WriteOnceAsync("job/1/out", Content(10), Cancellation);
        Assert.Equal(10, server.Read("jobs/job/1/out")!.Length);
    }

    /// <summary>Bytes that tell their place.</summary>
    private static MemoryStream Content(int size) => new([.. Enumerable.Range(0, size).Select(i => (byte)(i % 251))]);

    private static async Task<byte[]> ReadAllAsync(IArtefactStore store)
    {
        await using var stream = (await store.OpenReadAsync("job/1/out", Cancellation))!;
        using var all = new MemoryStream();
        await stream.CopyToAsync(all, Cancellation);
        return all.ToArray();
    }

    private async Task<S3ArtefactStore> OpenAsync(Action<ArtefactOptions>? change = null)
    {
        var options = _server.Options();
        change?.Invoke(options);
        var store = await S3ArtefactStore.OpenAsync(options, _spool, PartBytes, Cancellation);
        _stores.Add(store);
        return store;
    }
}
