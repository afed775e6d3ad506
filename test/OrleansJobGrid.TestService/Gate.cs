namespace OrleansJobGrid.TestService;

/// <summary>How one who waited at a gate goes on.</summary>
internal enum GatePass
{
    Go,

    /// <summary>The connection is broken off and what it asked for is not done.</summary>
    Drop,
}

/// <summary>A point in the service at which a test lets it wait, and hears who is there (<c>AT GATE EXTERNAL_ID JOB_ID</c> on stdout).</summary>
internal sealed class Gate(string name, Action<string> announce)
{
    private readonly Lock _lock = new();
    private readonly List<(string ExternalId, TaskCompletionSource<GatePass> Pass)> _waiting = [];
    private bool _closed;
    private bool _watched;

    /// <summary>Comes to the gate; completes at once where it is open.</summary>
    public Task<GatePass> ComeAsync(string externalId, string jobId)
    {
        lock (_lock)
        {
            if (_closed || _watched)
                announce($"AT {name} {externalId} {jobId}");
            if (!_closed)
                return Task.FromResult(GatePass.Go);
            var waiting = new TaskCompletionSource<GatePass>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((externalId, waiting));
            return waiting.Task;
        }
    }

    /// <summary>
    /// <c>watch</c>: tells who comes, holds nobody. <c>hold</c>: all who come wait. <c>open</c>: who comes from now on passes, who waits goes
    /// on waiting. <c>pass</c> and <c>drop</c>: of those who wait these go on or are dropped; with no ids named all of them, and the gate opens.
    /// </summary>
    public void Do(string command, IReadOnlyCollection<string> externalIds)
    {
        lock (_lock)
        {
            switch (command)
            {
                case "watch":
                    _watched = true;
                    return;
                case "hold":
                    _closed = true;
                    return;
                case "open":
                    _closed = false;
                    return;
                case "pass" or "drop":
                    if (externalIds.Count == 0)
                        _closed = _watched = false;
                    foreach (var (id, waiting) in _waiting.ToList().Where(w => externalIds.Count == 0 || externalIds.Contains(w.ExternalId)))
                    {
                        _waiting.Remove((id, waiting));
                        waiting.SetResult(command == "drop" ? GatePass.Drop : GatePass.Go);
                    }

                    return;
                default:
                    throw new ArgumentException($"'{command}' is no command of a gate. Known: watch, hold, open, pass, drop.");
            }
        }
    }
}
