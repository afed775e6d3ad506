namespace OrleansJobGrid.Grains.Jobs;

/// <summary>What a retry is decided by, besides the job and its failure.</summary>
/// <param name="Policies">The policies of the services.</param>
/// <param name="Draw">0 (inclusive) to 1: spreads a backoff.</param>
/// <param name="Elsewhere">Whether another live worker or instance could do it; null: nobody knows.</param>
public readonly record struct RetryTerms(RetryPolicies? Policies, double Draw, bool? Elsewhere = null);
