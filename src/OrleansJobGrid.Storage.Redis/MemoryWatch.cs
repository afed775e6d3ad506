using System.Globalization;
using StackExchange.Redis;

namespace OrleansJobGrid.Storage.Redis;

/// <summary>
/// Looks at the server's memory about once a second while jobs come in, and says when new ones are to be refused: from 90 % of
/// <c>maxmemory</c>, so that what finishes and deletes jobs still has room.
/// </summary>
internal sealed class MemoryWatch(RedisConnection connection, TimeProvider time)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private long _lookedAt;
    private volatile string? _refusal;

    /// <summary>Why new jobs are refused, or null; looks where the last look is a second old.</summary>
    public async ValueTask<string?> RefusalAsync(CancellationToken cancellationToken)
    {
        var last = Interlocked.Read(ref _lookedAt);
        if (last != 0 && time.GetElapsedTime(last) < Period)
            return _refusal;
        Interlocked.Exchange(ref _lookedAt, time.GetTimestamp());
        var info = await connection.AskAsync(() => connection.Calls.ExecuteAsync("INFO", "memory"), cancellationToken);
        return _refusal = Refusal((string?)info ?? "");
    }

    /// <summary>Reads <c>INFO memory</c>.</summary>
    internal static string? Refusal(string info)
    {
        long used = 0, most = 0;
        foreach (var line in info.Split('\n'))
        {
            if (line.Split(':', 2) is not [var name, var text] || !long.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var value))
                continue;
            used = name == "used_memory" ? value : used;
            most = name == "maxmemory" ? value : most;
        }
        return most > 0 && used >= most / 10 * 9
            ? $"maxmemory: Redis uses {used >> 20} of its {most >> 20} MB and takes no new jobs from 90 %; raise maxmemory or delete finished jobs."
            : null;
    }
}
