namespace OrleansJobGrid.Connectors.Failures;

/// <summary>What a failure means.</summary>
/// <param name="Class">Decides whether and where the job is tried again.</param>
/// <param name="Type">One of <see cref="FailureType"/>.</param>
/// <param name="Reason">One of <see cref="FailureReason"/>, or a connector's own word.</param>
/// <param name="Rule">Name of the rule that said so; <c>hint</c>: the connector did; <c>none</c>: no rule knows it.</param>
public readonly record struct FailureVerdict(FailureClass Class, string Type, string Reason, string Rule);
