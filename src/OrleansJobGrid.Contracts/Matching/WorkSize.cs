namespace OrleansJobGrid.Contracts.Matching;

/// <summary>The size class of a job, read from the payload, so that memory and runtime are learned for jobs of like size.</summary>
public static class WorkSize
{
    /// <summary>
    /// From the payload's own <c>width</c>, <c>height</c> (pixels) and <c>batch_size</c>, <c>batch</c> or <c>n_iter</c>; null where it names no size. Such as
    /// <c>1mp</c> or <c>4mp*8</c>: pixels rounded up to a power of two of a quarter megapixel (2^18), the batch to a power of two.
    /// </summary>
    /// <param name="payload">UTF-8 JSON.</param>
    public static string? Of(ReadOnlySpan<byte> payload) => payload.IsEmpty ? null : throw new NotSupportedException();
}
