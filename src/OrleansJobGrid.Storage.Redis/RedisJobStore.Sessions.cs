using StackExchange.Redis;

namespace OrleansJobGrid.Storage.Redis;

public sealed partial class RedisJobStore
{
    /// <inheritdoc/>
    public async ValueTask<SequenceBlock> TakeSequenceAsync(int count, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        var answer = (long[])(await _connection.RunAsync(
            RedisScript.TakeSequence, [_keys.Sequence, _keys.GlobalClock], [count, Known], cancellationToken))!;
        return new(answer[0], Told(answer[1]));
    }

    /// <inheritdoc/>
    public async ValueTask<SessionAnswer> WriteSessionAsync(SessionRecord session, TimeSpan lease, CancellationToken cancellationToken)
    {
        var answer = (long[])(await _connection.RunAsync(
            RedisScript.WriteSession,
            [_keys.Sessions, _keys.SessionEnded(session.Id), _keys.GlobalClock],
            [session.Id, (long)lease.TotalMilliseconds, SessionValue.Write(session), Known],
            cancellationToken))!;
        return new(Told(answer[0]), answer[1], answer[2] == 1);
    }

    /// <inheritdoc/>
    public async ValueTask<SessionPage> ReadSessionsAsync(CancellationToken cancellationToken)
    {
        var answer = (RedisResult[])(await _connection.RunAsync(
            RedisScript.ReadSessions, [_keys.Sessions, _keys.GlobalClock], [Known], cancellationToken))!;
        return new(Told((long)answer[0]), Pairs((RedisValue[])answer[1]!).Select(pair => SessionValue.Read(pair.Name!, pair.Value)).ToList());
    }

    /// <inheritdoc/>
    public async ValueTask MarkSessionEndedAsync(string sessionId, CancellationToken cancellationToken)
    {
        // The record last: it says "ended" only once every shard refuses the session.
        RedisKey[] marks =
            [_keys.SessionEnded(sessionId), .. Enumerable.Range(0, ShardCount).Select(shard => _keys.Ended(shard, sessionId))];
        await _connection.AskAsync(
            () => Task.WhenAll(marks.Select(mark => _connection.Calls.StringSetAsync(mark, 1, StoreLimits.EndedMarkAge))), cancellationToken);
        await _connection.RunAsync(RedisScript.EndSession, [_keys.Sessions], [sessionId], cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask RemoveSessionAsync(string sessionId, CancellationToken cancellationToken) =>
        await _connection.AskAsync(() => _connection.Calls.HashDeleteAsync(_keys.Sessions, sessionId), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<PassMark> MarkPassAsync(string name, CancellationToken cancellationToken)
    {
        var answer = (long[])(await _connection.RunAsync(RedisScript.MarkPass, [_keys.Passes, _keys.GlobalClock], [name, Known], cancellationToken))!;
        return new(answer[0], Told(answer[1]));
    }

    /// <inheritdoc/>
    public async ValueTask<string> AgreeAsync(string name, string proposal, CancellationToken cancellationToken)
    {
        var agreed = await _connection.AskAsync(
            () => _connection.Calls.StringSetAndGetAsync(_keys.Agreed(name), proposal, null, keepTtl: false, When.NotExists), cancellationToken);
        return agreed.IsNull ? proposal : agreed!;
    }
}
