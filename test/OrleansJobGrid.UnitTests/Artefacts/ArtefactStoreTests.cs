using System.Security.Cryptography;
using System.Text;
using OrleansJobGrid.Artefacts;
using Xunit;

namespace OrleansJobGrid.UnitTests.Artefacts;

/// <summary>What every store of artefacts does.</summary>
public abstract class ArtefactStoreTests : IAsyncLifetime
{
    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public abstract ValueTask InitializeAsync();

    public abstract ValueTask DisposeAsync();

    /// <summary>Opens the same place once more.</summary>
    protected abstract Task<IArtefactStore> OpenAsync();

    /// <summary>Opens another place.</summary>
    protected abstract Task<IArtefactStore> OpenOtherAsync();

    /// <summary>Changes stored bytes behind the store's back.</summary>
    protected abstract void Damage(string key, byte[] bytes);

    /// <summary>Makes all that is kept so much older.</summary>
    protected abstract void Age(TimeSpan age);

    protected abstract TimeProvider Time { get; }

    protected static MemoryStream Bytes(string text) => new(Encoding.UTF8.GetBytes(text));

    protected static async Task<string?> ReadAsync(IArtefactStore store, string id)
    {
        await using var stream = await store.OpenReadAsync(id, Cancellation);
        return stream is null ? null : await new StreamReader(stream).ReadToEndAsync(Cancellation);
    }

    protected static async Task<List<StoredArtefact>> AllAsync(IArtefactStore store)
    {
        var all = new List<StoredArtefact>();
        await foreach (var stored in store.ListAllAsync(Cancellation))
            all.Add(stored);
        return all;
    }

    [Fact]
    public async Task Upload_SameBytesTwice_GivesOneIdAndOneFile()
    {
        var store = await OpenAsync();
        var first = await store.UploadAsync(Bytes("pixels"), 100, Cancellation);
        var second = await store.UploadAsync(Bytes("pixels"), 100, Cancellation);

        Assert.Equal(first, second);
        Assert.Equal("sha256-" + Convert.ToHexStringLower(SHA256.HashData("pixels"u8)), first.Artefact);
        Assert.Equal(6, first.Size);
        Assert.Equal("pixels", await ReadAsync(store, first.Artefact));
        var stored = Assert.Single(await AllAsync(store), s => s.Kind == StoredKind.Upload);
        Assert.Equal((first.Artefact, 6), (stored.Owner, stored.Size));
    }

    [Fact]
    public async Task Upload_OfNothing_IsAFileOfNoBytes()
    {
        var store = await OpenAsync();
        var kept = await store.UploadAsync(Bytes(""), 0, Cancellation);
        Assert.Equal(0, kept.Size);
        Assert.Equal("", await ReadAsync(store, kept.Artefact));
    }

    [Fact]
    public async Task Upload_OfExactlyTheLimit_IsKept_OneByteMore_KeepsNothing()
    {
        var store = await OpenAsync();
        Assert.Equal(6, (await store.UploadAsync(Bytes("pixels"), 6, Cancellation)).Size);
        var error = await Assert.ThrowsAsync<ArtefactTooLargeException>(() => store.UploadAsync(Bytes("pixels!"), 6, Cancellation));

        Assert.Equal(6, error.MaxBytes);
        Assert.Single(await AllAsync(store));
    }

    [Fact]
    public async Task Write_WhenTheSourceBreaks_KeepsNothing()
    {
        var store = await OpenAsync();
        await Assert.ThrowsAsync<IOException>(() => store.UploadAsync(new BreakingStream(), 100, Cancellation));
        await Assert.ThrowsAsync<IOException>(() => store.WriteOnceAsync("job/1/out", new BreakingStream(), Cancellation));
        Assert.Empty(await AllAsync(store));
    }

    [Fact]
    public async Task WriteOnce_SameBytesAgain_IsFine_OtherBytes_AreRefusedAndChangeNothing()
    {
        var store = await OpenAsync();
        var first = await store.WriteOnceAsync("job-1/3/out.png", Bytes("a"), Cancellation);
        Assert.Equal(first, await store.WriteOnceAsync("job-1/3/out.png", Bytes("a"), Cancellation));
        await Assert.ThrowsAsync<ArtefactExistsException>(() => store.WriteOnceAsync("job-1/3/out.png", Bytes("b"), Cancellation));
        await Assert.ThrowsAsync<ArtefactExistsException>(() => store.WriteOnceAsync("job-1/3/out.png", Bytes(""), Cancellation));

        Assert.Equal("a", await ReadAsync(store, "job-1/3/out.png"));
        Assert.Single(await AllAsync(store));
    }

    [Fact]
    public async Task WriteOnce_ManyWritersOfOneIdThroughSeveralStores_ExactlyOneContentWins()
    {
        IArtefactStore[] stores = [await OpenAsync(), await OpenAsync(), await OpenAsync(), await OpenAsync()];
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(async () =>
        {
            try
            {
                await stores[i % 4].WriteOnceAsync("job/1/out", Bytes($"content {i % 5}"), Cancellation);
                return $"content {i % 5}";
            }
            catch (ArtefactExistsException)
            {
                return null;
            }
        })));

        var stored = await ReadAsync(stores[0], "job/1/out");
        var winners = outcomes.Where(o => o is not null).ToArray();
        Assert.Equal(8, winners.Length); // All 40/5 writers of the winning content, and nobody else.
        Assert.All(winners, w => Assert.Equal(stored, w));
    }

    [Fact]
    public async Task OpenRead_OfWhatIsNotThere_IsNull()
    {
        var store = await OpenAsync();
        Assert.Null(await store.OpenReadAsync("job/1/out", Cancellation));
        Assert.Null(await store.OpenReadAsync("sha256-" + new string('a', 64), Cancellation));
    }

    [Fact]
    public async Task OpenRead_CanSeekAnywhere_AsynchronouslyAndNot()
    {
        var store = await OpenAsync();
        await store.WriteOnceAsync("job/1/out", Bytes("0123456789"), Cancellation);
        await using var stream = (await store.OpenReadAsync("job/1/out", Cancellation))!;
        Assert.True(stream.CanSeek);
        Assert.Equal(10, stream.Length);
        var four = new byte[4];
        stream.Seek(-4, SeekOrigin.End);
        await stream.ReadExactlyAsync(four, Cancellation);
        Assert.Equal("6789", Encoding.ASCII.GetString(four));
        Assert.Equal(0, await stream.ReadAsync(four, Cancellation));
        stream.Position = 2;
        stream.ReadExactly(four);
        Assert.Equal("2345", Encoding.ASCII.GetString(four));
        Assert.Equal(6, stream.Position);
        stream.Seek(-5, SeekOrigin.Current);
        await stream.ReadExactlyAsync(four, Cancellation);
        Assert.Equal("1234", Encoding.ASCII.GetString(four));
        stream.Position = 20;
        Assert.Equal(0, await stream.ReadAsync(four, Cancellation));
    }

    [Theory]
    [InlineData("a:b")]
    [InlineData("..")]
    [InlineData("Job_1-x.y~")]
    [InlineData("a%3Ab")]
    [InlineData("é+ &?#=;ñ")]
    [InlineData("::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::")]
    public async Task StrangeJobIds_AreWrittenListedReadAndDeleted(string job)
    {
        var store = await OpenAsync();
        await store.WriteOnceAsync($"{job}/1/out +&é.png", Bytes("o"), Cancellation);
        await store.WriteOnceAsync($"scratch/{job}/2/piece", Bytes("p"), Cancellation);

        Assert.Equal("o", await ReadAsync(store, $"{job}/1/out +&é.png"));
        Assert.Equal([$"scratch/{job}/2/piece"], await store.ListScratchAsync(job, Cancellation));
        Assert.Equal(job.Length > 60 ? null : job, (await AllAsync(store)).Single(s => s.Kind == StoredKind.Output).Owner);
        await store.DeleteJobAsync(job, Cancellation);
        Assert.Empty(await AllAsync(store));
    }

    [Theory]
    [InlineData("job/name")]
    [InlineData("job/01/name")]
    [InlineData("job/1/../x")]
    [InlineData("sha256-ABC")]
    public async Task MalformedIds_AreRefused(string id)
    {
        var store = await OpenAsync();
        await Assert.ThrowsAsync<ArgumentException>(() => store.OpenReadAsync(id, Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => store.WriteOnceAsync(id, Bytes("x"), Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.TouchAsync(id, Cancellation));
        Assert.Empty(await AllAsync(store));
    }

    [Fact]
    public async Task DeleteScratch_RemovesAllPiecesOfTheJobOnly()
    {
        var store = await OpenAsync();
        foreach (var id in (string[])["scratch/j/1/a", "scratch/j/2/b", "scratch/j2/1/a", "j/2/out", "scratch/1/a"])
            await store.WriteOnceAsync(id, Bytes(id), Cancellation);
        await store.DeleteScratchAsync("j", Cancellation);
        await store.DeleteScratchAsync("j", Cancellation);

        Assert.Null(await ReadAsync(store, "scratch/j/1/a"));
        Assert.Null(await ReadAsync(store, "scratch/j/2/b"));
        Assert.Equal("scratch/j2/1/a", await ReadAsync(store, "scratch/j2/1/a"));
        Assert.Equal("j/2/out", await ReadAsync(store, "j/2/out"));
        Assert.Equal("scratch/1/a", await ReadAsync(store, "scratch/1/a")); // An output of a job that is called "scratch".
    }

    [Fact]
    public async Task ListScratch_OfManyPieces_NamesAll()
    {
        var store = await OpenAsync();
        var ids = Enumerable.Range(0, 25).Select(i => $"scratch/j/{i % 3}/piece-{i}").Order(StringComparer.Ordinal).ToList();
        foreach (var id in ids)
            await store.WriteOnceAsync(id, Bytes(id), Cancellation);
        Assert.Equal(ids, (await store.ListScratchAsync("j", Cancellation)).Order(StringComparer.Ordinal));
        Assert.Empty(await store.ListScratchAsync("other", Cancellation));
    }

    [Fact]
    public async Task DeleteJob_RemovesOutputsAndScratch_UploadsStay()
    {
        var store = await OpenAsync();
        var upload = await store.UploadAsync(Bytes("in"), 10, Cancellation);
        await store.WriteOnceAsync("j/1/out", Bytes("o"), Cancellation);
        await store.WriteOnceAsync("scratch/j/1/piece", Bytes("p"), Cancellation);
        await store.DeleteJobAsync("j", Cancellation);
        await store.DeleteJobAsync("j", Cancellation);

        Assert.Null(await ReadAsync(store, "j/1/out"));
        Assert.Null(await ReadAsync(store, "scratch/j/1/piece"));
        Assert.Equal("in", await ReadAsync(store, upload.Artefact));
    }

    [Fact]
    public async Task Id_IsTheSameForAllWhoOpenOnePlace_AndAnotherElsewhere()
    {
        var ids = (await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(OpenAsync)))).Select(s => s.Id).Distinct().ToArray();
        Assert.Single(ids);
        Assert.Equal(32, ids[0].Length);
        Assert.NotEqual(ids[0], (await OpenOtherAsync()).Id);
    }

    [Fact]
    public async Task DeleteOld_RemovesWhatIsOldOnly_AndWhatWasTouchedIsYoung()
    {
        var store = await OpenAsync();
        var idle = await store.UploadAsync(Bytes("idle"), 10, Cancellation);
        var named = await store.UploadAsync(Bytes("named"), 10, Cancellation);
        var sentAgain = await store.UploadAsync(Bytes("again"), 10, Cancellation);
        await store.WriteOnceAsync("j/1/out", Bytes("o"), Cancellation);
        Age(TimeSpan.FromDays(2));
        await store.WriteOnceAsync("j/2/out", Bytes("o"), Cancellation);
        await store.TouchAsync(named.Artefact, Cancellation);
        await store.UploadAsync(Bytes("again"), 10, Cancellation);
        await store.TouchAsync("sha256-" + new string('a', 64), Cancellation);
        var removed = new List<string>();
        foreach (var stored in await AllAsync(store))
        {
            if (await store.DeleteOldAsync(stored, Time.GetUtcNow().AddDays(-1), Cancellation))
                removed.Add(stored.Key);
        }

        Assert.Equal(["jobs/j/1/out", $"uploads/{idle.Sha256[..2]}/{idle.Sha256}"], removed.Order(StringComparer.Ordinal));
        Assert.Null(await ReadAsync(store, idle.Artefact));
        Assert.Equal("named", await ReadAsync(store, named.Artefact));
        Assert.Equal("again", await ReadAsync(store, sentAgain.Artefact));
        Assert.Null(await ReadAsync(store, "j/1/out"));
        Assert.Equal("o", await ReadAsync(store, "j/2/out"));
    }

    [Fact]
    public async Task Upload_WhenTheStoredBytesWereDamaged_SaysSo()
    {
        var store = await OpenAsync();
        var kept = await store.UploadAsync(Bytes("pixels"), 100, Cancellation);
        Damage($"uploads/{kept.Sha256[..2]}/{kept.Sha256}", "rotten"u8.ToArray());
        await AssertDamageIsToldAsync(store, kept.Artefact);
    }

    /// <summary>Whether at the next upload of the same bytes or when they are read.</summary>
    protected abstract Task AssertDamageIsToldAsync(IArtefactStore store, string id);

    private sealed class BreakingStream : MemoryStream
    {
        private bool _gaveSome;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_gaveSome)
                throw new IOException("The connection was lost.");
            _gaveSome = true;
            buffer.Span[0] = 1;
            return ValueTask.FromResult(1);
        }
    }
}
