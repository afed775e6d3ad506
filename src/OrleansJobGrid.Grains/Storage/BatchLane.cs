using System.Threading.Channels;

namespace OrleansJobGrid.Grains.Storage;

/// <summary>
/// Gathers calls into batches: one leaves as soon as the one before is back, so batches grow with the backlog and nobody waits for
/// a timer.
/// </summary>
/// <typeparam name="TRequest">One call.</typeparam>
/// <typeparam name="TResult">Its result.</typeparam>
internal sealed class BatchLane<TRequest, TResult> : IAsyncDisposable
{
    private const int MuchRoom = 64;

    private readonly Channel<Waiting> _arrivals = Channel.CreateUnbounded<Waiting>(new() { SingleReader = true });
    private readonly Func<IReadOnlyList<TRequest>, Task<IReadOnlyList<TResult>>> _send;
    private readonly BatchBounds<TRequest> _bounds;
    private readonly Task _loop;

    /// <param name="send">Sends a batch and gives one result a request, in their order.</param>
    /// <param name="bounds">What fits into one.</param>
    public BatchLane(Func<IReadOnlyList<TRequest>, Task<IReadOnlyList<TResult>>> send, BatchBounds<TRequest> bounds)
    {
        _send = send;
        _bounds = bounds;
        // It is nobody's call, though somebody's call may make it.
        using (ExecutionContext.SuppressFlow())
            _loop = Task.Run(Run);
    }

    /// <summary>Adds a call; its exception is that of the batch.</summary>
    public Task<TResult> Add(TRequest request)
    {
        var waiting = new Waiting(request);
        ObjectDisposedException.ThrowIf(!_arrivals.Writer.TryWrite(waiting), this);
        return waiting.Task;
    }

    public async ValueTask DisposeAsync()
    {
        _arrivals.Writer.TryComplete();
        await _loop;
    }

    private async Task Run()
    {
        var heldBack = new Queue<Waiting>();
        var batch = new List<Waiting>();
        var keys = new HashSet<string>(StringComparer.Ordinal);
        while (heldBack.Count > 0 || await _arrivals.Reader.WaitToReadAsync())
        {
            Gather(heldBack, batch, keys);
            await Send(batch);
            batch.Clear();
            // Clearing costs what the largest batch so far took.
            if (keys.Capacity > MuchRoom && keys.Count < keys.Capacity / 8)
                keys = new(StringComparer.Ordinal);
            else
                keys.Clear();
        }
    }

    private void Gather(Queue<Waiting> heldBack, List<Waiting> batch, HashSet<string> keys)
    {
        var size = 0;
        var again = heldBack.Count;
        while (batch.Count < _bounds.Count && (size < _bounds.Size || batch.Count == 0))
        {
            Waiting? next;
            if (again > 0)
            {
                next = heldBack.Dequeue();
                again--;
            }
            else if (!_arrivals.Reader.TryRead(out next))
            {
                break;
            }

            // A second request of a key waits for the next batch, behind those held back before it.
            if (_bounds.KeyOf is { } keyOf && !keys.Add(keyOf(next.Request)))
            {
                heldBack.Enqueue(next);
                continue;
            }

            batch.Add(next);
            size += _bounds.SizeOf?.Invoke(next.Request) ?? 0;
        }

        // Those not looked at came after those put back: a key's requests stay in their order.
        for (; again > 0; again--)
            heldBack.Enqueue(heldBack.Dequeue());
    }

    private async Task Send(List<Waiting> batch)
    {
        try
        {
            var requests = new TRequest[batch.Count];
            for (var i = 0; i < requests.Length; i++)
                requests[i] = batch[i].Request;
            var results = await _send(requests);
            for (var i = 0; i < requests.Length; i++)
                batch[i].SetResult(results[i]);
        }
        catch (Exception e)
        {
            // The exception belongs to the callers; the lane goes on with the next batch.
            foreach (var waiting in batch)
                waiting.TrySetException(e);
        }
    }

    private sealed class Waiting(TRequest request) : TaskCompletionSource<TResult>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public TRequest Request => request;
    }
}

/// <summary>What fits into one batch.</summary>
/// <param name="Count">Most requests.</param>
/// <param name="Size">Size at which it is closed; a single larger request goes alone.</param>
/// <param name="SizeOf">A request's size.</param>
/// <param name="KeyOf">Requests of one key never share a batch.</param>
internal sealed record BatchBounds<TRequest>(int Count, int Size = int.MaxValue, Func<TRequest, int>? SizeOf = null, Func<TRequest, string>? KeyOf = null);
