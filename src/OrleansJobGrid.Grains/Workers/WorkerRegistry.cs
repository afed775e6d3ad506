using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Workers;

/// <summary>The registered workers in the store. Who changes one reads it, changes it, and writes it if nobody else did meanwhile.</summary>
public sealed class WorkerRegistry(IJobStore store)
{
    private const int Tries = 10;

    /// <summary>All registrations, by worker id, with their versions.</summary>
    public async Task<IReadOnlyDictionary<string, (Registration Registration, long Version)>> All()
    {
        var documents = await store.ReadDocumentsAsync(Registration.Collection, CancellationToken.None);
        return documents.ToDictionary(d => d.Key, d => (Registration.Read(d.Body), d.Version), StringComparer.Ordinal);
    }

    /// <summary>Changes a registration; a change that gives null deletes it, one that gives the same writes nothing.</summary>
    /// <param name="workerId">The worker.</param>
    /// <param name="change">From what is stored to what is to be.</param>
    /// <param name="known">What the caller takes to be stored; only where that is old, all are read. Null: nothing is known.</param>
    /// <returns>What is stored now, with its version.</returns>
    /// <exception cref="JobStoreException">Others changed it again and again.</exception>
    public async Task<(Registration? Registration, long Version)> Change(
        string workerId, Func<Registration?, Registration?> change, (Registration? Registration, long Version)? known = null)
    {
        for (var tries = 0; tries < Tries; tries++)
        {
            var (before, version) = known ?? (await All()).GetValueOrDefault(workerId);
            known = null;
            var after = change(before);
            if (ReferenceEquals(after, before))
                return (before, version);
            var answer = await store.WriteDocumentAsync(
                Registration.Collection, workerId, version, after is null ? (ReadOnlyMemory<byte>?)null : after.Write(), CancellationToken.None);
            if (answer.Written)
                return (after, answer.Version);
        }

        throw new JobStoreException($"The registration of worker '{workerId}' is changed by others all the time.");
    }
}
