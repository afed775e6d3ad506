using System.Text.Json;

namespace OrleansJobGrid.Client;

public sealed partial class JobGridClient
{
    /// <summary>Compares the states that other systems keep with the grid, and puts them right.</summary>
    /// <param name="dryRun">Only reports.</param>
    /// <param name="source">Puts right only this system; null: all.</param>
    /// <param name="cancellationToken">Ends the call; the run goes on.</param>
    /// <exception cref="JobGridException">Status 400: there is no such source, or none is set up.</exception>
    public Task<Reconciliation> ReconcileAsync(bool dryRun = false, string? source = null, CancellationToken cancellationToken = default) => OperateAsync(
        HttpMethod.Post, "api/reconciliation", JsonSerializer.SerializeToUtf8Bytes(new ReconcileBody(dryRun ? "dry-run" : "repair", source), EnvelopeJson.Default.ReconcileBody), JobGridJson.Default.Reconciliation, cancellationToken);

    /// <summary>What the last reconciliation found and did.</summary>
    /// <exception cref="JobGridException">Status 404: there was none yet.</exception>
    public Task<Reconciliation> GetReconciliationAsync(CancellationToken cancellationToken = default) => _transport.GetAsync("api/reconciliation", JobGridJson.Default.Reconciliation, cancellationToken);
}
