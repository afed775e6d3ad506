using Orleans;

namespace OrleansJobGrid.ClusterTests.Fixture;

/// <summary>Stands between the workers of a test and the silos: cuts calls, or loses their answers.</summary>
internal sealed class CallFilter
{
    private volatile Func<IOutgoingGrainCallContext, bool>? _cut;
    private volatile Func<IOutgoingGrainCallContext, bool>? _loseAnswer;

    /// <summary>Calls that fit never reach their grain.</summary>
    public void Cut(Func<IOutgoingGrainCallContext, bool> which) => _cut = which;

    /// <summary>Nothing from or for this worker gets through any more.</summary>
    public void CutWorker(string workerId) => Cut(call => IsTo(call, workerId));

    /// <summary>Answers that fit (the result is set) are lost.</summary>
    public void LoseAnswer(Func<IOutgoingGrainCallContext, bool> which) => _loseAnswer = which;

    public void Mend() => (_cut, _loseAnswer) = (null, null);

    public static bool IsTo(IOutgoingGrainCallContext call, string workerId) =>
        call.TargetId.Type.ToString() == "jobgrid.worker" && call.TargetId.Key.ToString() == workerId;

    public async Task Invoke(IOutgoingGrainCallContext call)
    {
        if (_cut?.Invoke(call) == true)
            throw new TimeoutException($"The test cut {call.MethodName}.");
        await call.Invoke();
        if (_loseAnswer?.Invoke(call) == true)
            throw new TimeoutException($"The test lost the answer of {call.MethodName}.");
    }
}
