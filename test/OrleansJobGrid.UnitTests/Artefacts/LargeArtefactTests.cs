using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Artefacts.S3;
using OrleansJobGrid.TestService.S3;
using Xunit;

namespace OrleansJobGrid.UnitTests.Artefacts;

/// <summary>Tests that weigh the heap run alone: what others hold would be in their figures.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class HeapCollection
{
    public const string Name = "heap";
}

[Collection(HeapCollection.Name)]
public sealed class LargeArtefactTests : IDisposable
{
    private const long Large = 192L << 20;
    private const int PartBytes = 1 << 20;

    private readonly string _folder = Directory.CreateTempSubdirectory("large-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public Task Folder_NeverHoldsAllOfItInMemory() => AssertNeverHeldAsync(FolderArtefactStore.Open(_folder));

    [Fact]
    public async Task S3_NeverHoldsAllOfItInMemory()
    {
        await using var server = await S3Server.StartAsync(TimeProvider.System);
        using var store = await S3ArtefactStore.OpenAsync(server.Options(), _folder, PartBytes, Cancellation);
        await AssertNeverHeldAsync(store);
    }

    private static async Task AssertNeverHeldAsync(IArtefactStore store)
    {
        var heap = new Heap();
        var kept = await store.WriteOnceAsync("job/1/film", new GrowingStream(Large, heap), Cancellation);
        Assert.Equal(Large, kept.Size);
        await using var stream = (await store.OpenReadAsync(kept.Artefact, Cancellation))!;
        var buffer = new byte[1 << 20];
        var total = 0L;
        while (await stream.ReadAsync(buffer, Cancellation) is > 0 and var read)
        {
            total += read;
            heap.Passed(total);
        }

        Assert.Equal(Large, total);
        Assert.InRange(heap.Growth, long.MinValue, Large / 4);
    }

    /// <summary>
    /// What lives on the heap beyond what lived at first, weighed after each 16 MiB that passed. Only after a collection: how much garbage
    /// lies about is the collector's choice, and goes by the processor's cache.
    /// </summary>
    private sealed class Heap
    {
        private const long Step = 16 << 20;

        private readonly long _atFirst = GC.GetTotalMemory(forceFullCollection: true);
        private long _most;
        private long _steps;

        public long Growth => _most - _atFirst;

        public void Passed(long total)
        {
            if (total / Step == _steps)
                return;
            _steps = total / Step;
            _most = Math.Max(_most, GC.GetTotalMemory(forceFullCollection: true));
        }
    }

    /// <summary>So many bytes that nobody made before.</summary>
    private sealed class GrowingStream(long length, Heap heap) : MemoryStream
    {
        private long _given;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var size = (int)Math.Min(buffer.Length, length - _given);
            buffer.Span[..size].Fill((byte)(_given >> 16));
            _given += size;
            heap.Passed(_given);
            return ValueTask.FromResult(size);
        }
    }
}
