using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>What two claims of one worker at the same moment may break: each was granted without the other.</summary>
internal static class GrantCheck
{
    /// <summary>Why a grant is to be given back; null: it is not.</summary>
    /// <param name="grant">The grant.</param>
    /// <param name="held">What the worker's other jobs take.</param>
    /// <param name="maxCustomers">Most customers at the same time; null: no limit.</param>
    /// <param name="freeMb">GPU memory that a further job may count on; null: not known, and then it is no reason.</param>
    public static string? Refusal(JobGrant grant, HeldSums held, int? maxCustomers, long? freeMb)
    {
        if (maxCustomers is { } most && !held.Customers.Contains(grant.CustomerId) && held.Customers.Count >= most)
            return $"it holds jobs of {held.Customers.Count} customers, and may hold those of {most}";
        // Alone it was granted by what was free at the claim, or by what its services will give up for it.
        return held.Jobs > 0 && grant.EnvelopeMb > freeMb ? $"it needs {grant.EnvelopeMb} MB of GPU memory, and {freeMb} MB are free" : null;
    }
}
