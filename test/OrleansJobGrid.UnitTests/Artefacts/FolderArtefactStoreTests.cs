using System.Security.Cryptography;
using System.Text;
using OrleansJobGrid.Artefacts;
using Xunit;

namespace OrleansJobGrid.UnitTests.Artefacts;

public sealed class FolderArtefactStoreTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("artefacts-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static MemoryStream Bytes(string text) => new(Encoding.UTF8.GetBytes(text));

    private FolderArtefactStore Open() => FolderArtefactStore.Open(_folder);

    private static async Task<string?> ReadAsync(FolderArtefactStore store, string id)
    {
        await using var stream = await store.OpenReadAsync(id, Cancellation);
        return stream is null ? null : await new StreamReader(stream).ReadToEndAsync(Cancellation);
    }

    private string[] FilesBut(string except) =>
        [.. Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories).Where(f => Path.GetFileName(f) != except)];

    [Fact]
    public async Task Upload_SameBytesTwice_GivesOneIdAndOneFile()
    {
        var store = Open();
        var first = await store.UploadAsync(Bytes("pixels"), 100, Cancellation);
        var second = await store.UploadAsync(Bytes("pixels"), 100, Cancellation);

        Assert.Equal(first, second);
        Assert.Equal("sha256-" + Convert.ToHexStringLower(SHA256.HashData("pixels"u8)), first.Artefact);
        Assert.Equal(6, first.Size);
        Assert.Equal("pixels", await ReadAsync(store, first.Artefact));
        Assert.Single(FilesBut("folder-id"));
    }

    [Fact]
    public async Task Upload_OfExactlyTheLimit_IsKept_OneByteMore_KeepsNothing()
    {
        var store = Open();
        Assert.Equal(6, (await store.UploadAsync(Bytes("pixels"), 6, Cancellation)).Size);
        var error = await Assert.ThrowsAsync<ArtefactTooLargeException>(() => store.UploadAsync(Bytes("pixels!"), 6, Cancellation));

        Assert.Equal(6, error.MaxBytes);
        Assert.Single(FilesBut("folder-id"));
    }

    [Fact]
    public async Task Upload_WhenTheSourceBreaks_KeepsNothing()
    {
        var store = Open();
        await Assert.ThrowsAsync<IOException>(() => store.UploadAsync(new BreakingStream(), 100, Cancellation));
        Assert.Empty(FilesBut("folder-id"));
    }

    [Fact]
    public async Task Upload_WhenTheStoredFileWasDamaged_SaysSo()
    {
        var store = Open();
        await store.UploadAsync(Bytes("pixels"), 100, Cancellation);
        await File.WriteAllTextAsync(FilesBut("folder-id").Single(), "rotten", Cancellation);
        await Assert.ThrowsAsync<InvalidDataException>(() => store.UploadAsync(Bytes("pixels"), 100, Cancellation));
    }

    [Fact]
    public async Task WriteOnce_SameBytesAgain_IsFine_OtherBytes_AreRefusedAndChangeNothing()
    {
        var store = Open();
        var first = await store.WriteOnceAsync("job-1/3/out.png", Bytes("a"), Cancellation);
        Assert.Equal(first, await store.WriteOnceAsync("job-1/3/out.png", Bytes("a"), Cancellation));
        await Assert.ThrowsAsync<ArtefactExistsException>(() => store.WriteOnceAsync("job-1/3/out.png", Bytes("b"), Cancellation));

        Assert.Equal("a", await ReadAsync(store, "job-1/3/out.png"));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(_folder, "tmp")));
    }

    [Fact]
    public async Task WriteOnce_ManyWritersOfOneIdThroughSeveralStores_ExactlyOneContentWins()
    {
        FolderArtefactStore[] stores = [Open(), Open(), Open(), Open()];
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
    public async Task OpenRead_OfWhatIsNotThere_IsNull_AndOfWhatIsThere_CanSeek()
    {
        var store = Open();
        Assert.Null(await store.OpenReadAsync("job/1/out", Cancellation));
        Assert.Null(await store.OpenReadAsync("sha256-" + new string('a', 64), Cancellation));
        await store.WriteOnceAsync("job/1/out", Bytes("abc"), Cancellation);
        await using var stream = await store.OpenReadAsync("job/1/out", Cancellation);
        Assert.True(stream!.CanSeek);
    }

    [Fact]
    public async Task DeleteScratch_RemovesAllPiecesOfTheJobOnly()
    {
        var store = Open();
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
    public async Task DeleteJob_RemovesOutputsAndScratch_UploadsStay()
    {
        var store = Open();
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
    public void Open_TwiceAndByMany_GivesOneFolderId_AndAnotherFolderAnother()
    {
        var ids = Enumerable.Range(0, 8).AsParallel().WithDegreeOfParallelism(8).Select(_ => Open().FolderId).Distinct().ToArray();
        Assert.Single(ids);
        Assert.Equal(32, ids[0].Length);
        Assert.NotEqual(ids[0], FolderArtefactStore.Open(Path.Combine(_folder, "other")).FolderId);
    }

    [Fact]
    public void Open_WithADamagedFolderId_IsRefused()
    {
        File.WriteAllText(Path.Combine(_folder, "folder-id"), "?");
        Assert.Throws<InvalidDataException>(Open);
    }

    [Fact]
    public void Open_SweepsTemporaryFilesOlderThanADayOnly()
    {
        Open();
        var old = Path.Combine(_folder, "tmp", "old");
        var young = Path.Combine(_folder, "tmp", "young");
        File.WriteAllText(old, "");
        File.WriteAllText(young, "");
        File.SetLastWriteTimeUtc(old, TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(-25));
        File.SetLastWriteTimeUtc(young, TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(-23));
        Open();

        Assert.False(File.Exists(old));
        Assert.True(File.Exists(young));
    }

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
