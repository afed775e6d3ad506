namespace OrleansJobGrid.Connectors.Outside;

/// <summary>The instances of a service that a worker reaches.</summary>
internal sealed class OutsideService<TWork>(string name, IReadOnlyDictionary<string, IOutsideInstance<TWork>> instances)
    where TWork : class, IOutsideWork
{
    private readonly Turns _turns = new();

    public string Name => name;

    public IOutsideInstance<TWork> At(string instance) =>
        Find(instance) ?? throw new ArgumentException($"'{name}' has no instance '{instance}' on this worker.", nameof(instance));

    public IOutsideInstance<TWork>? Find(string instance) => instances.GetValueOrDefault(instance);

    /// <summary>The instances in turns: the next call begins with the next one.</summary>
    public IEnumerable<string> InTurn(IReadOnlyList<string> usable) => _turns.Of(usable);

    public async Task<InstanceReport> Query(string instance, IReadOnlyList<WorkMark> marks, CancellationToken cancellationToken)
    {
        var states = await At(instance).Query(marks, cancellationToken);
        return new(states.Boot, marks.ToDictionary(m => m.ExternalId, m => ReportOf(states.Jobs.GetValueOrDefault(m.ExternalId))));
    }

    private static SubmissionReport ReportOf(TWork? work) => work is null ? new(SubmissionState.Absent) : new(work.State, work.Failure);
}
