namespace OrleansJobGrid.Connectors;

/// <summary>
/// No instance of the service may be posted to now. Before the attempt's first submission it burns no attempt: the grant is given back.
/// </summary>
public sealed class NoUsableInstanceException(string service)
    : Exception($"No instance of '{service}' may be used now: each is excluded for this job, or its circuit breaker is open.");
