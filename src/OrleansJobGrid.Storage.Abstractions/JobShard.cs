using System.Text;

namespace OrleansJobGrid.Storage;

/// <summary>Where a job lies: FNV-1a (64 bit, folded) of its id's UTF-8 bytes, modulo the number of shards.</summary>
public static class JobShard
{
    /// <summary>The shard of <paramref name="jobId"/> among <paramref name="shardCount"/>.</summary>
    public static int Of(string jobId, int shardCount) =>
        shardCount == 1 ? 0 : (int)(Fold(TextHash.Of(jobId)) % (uint)shardCount);

    private static uint Fold(ulong hash) => (uint)(hash ^ (hash >> 32));
}

/// <summary>A hash that is the same in every process and version: FNV-1a, 64 bit, over UTF-8.</summary>
public static class TextHash
{
    /// <summary>The hash of <paramref name="text"/>.</summary>
    public static ulong Of(string text)
    {
        var hash = 14695981039346656037UL;
        Span<byte> bytes = stackalloc byte[512];
        var written = text.Length <= 128 ? bytes[..Encoding.UTF8.GetBytes(text, bytes)] : Encoding.UTF8.GetBytes(text);
        foreach (var b in written)
            hash = (hash ^ b) * 1099511628211UL;
        return hash;
    }
}
