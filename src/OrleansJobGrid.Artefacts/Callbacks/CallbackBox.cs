using System.Globalization;

namespace OrleansJobGrid.Artefacts.Callbacks;

/// <summary>
/// What services said by calling, kept where any worker finds it: the scratch pieces <c>scratch/callback-MARK/N/answer.json</c>, N from 1 in the order
/// in which they came. The same bytes again are kept once.
/// </summary>
/// <param name="store">Where they lie.</param>
public sealed class CallbackBox(IArtefactStore store)
{
    /// <summary>Most different calls about a mark.</summary>
    public const int Most = 100;

    /// <summary>Keeps a call durably. False: <see cref="Most"/> different ones are kept.</summary>
    public async Task<bool> PutAsync(string mark, byte[] body, CancellationToken cancellationToken)
    {
        for (var number = 1; number <= Most; number++)
        {
            try
            {
                using var content = new MemoryStream(body, writable: false);
                await store.WriteOnceAsync($"scratch/{Owner(mark)}/{number}/answer.json", content, cancellationToken);
                return true;
            }
            catch (ArtefactExistsException)
            {
                // Another call has this number.
            }
        }

        return false;
    }

    /// <summary>All calls about a mark, in order.</summary>
    public async Task<IReadOnlyList<byte[]>> ReadAsync(string mark, CancellationToken cancellationToken)
    {
        var bodies = new List<byte[]>();
        foreach (var piece in (await store.ListScratchAsync(Owner(mark), cancellationToken)).OrderBy(NumberOf))
        {
            await using var content = await store.OpenReadAsync(piece, cancellationToken);
            if (content is null)
                continue;
            using var body = new MemoryStream();
            await content.CopyToAsync(body, cancellationToken);
            bodies.Add(body.ToArray());
        }

        return bodies;
    }

    /// <summary>Removes all calls about a mark. Idempotent.</summary>
    public Task ForgetAsync(string mark, CancellationToken cancellationToken) => store.DeleteScratchAsync(Owner(mark), cancellationToken);

    private static string Owner(string mark) => $"callback-{mark}";

    private static int NumberOf(string piece) => int.Parse(piece.Split('/')[2], CultureInfo.InvariantCulture);
}
