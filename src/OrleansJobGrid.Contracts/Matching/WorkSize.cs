using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace OrleansJobGrid.Contracts.Matching;

/// <summary>The size class of a job, read from the payload, so that memory and runtime are learned for jobs of like size.</summary>
public static class WorkSize
{
    private const long Quarter = 1 << 18;
    private const long MostPixels = 1L << 36;
    private const long MostBatch = 4096;

    /// <summary>
    /// From the payload's own <c>width</c>, <c>height</c> (pixels) and <c>batch_size</c>, <c>batch</c> or <c>n_iter</c>; null where it names neither both sides nor a
    /// batch above 1. Such as <c>1mp</c> or <c>4mp*8</c>: pixels rounded up to a power of two of a quarter megapixel (2^18), at most 2^36; the
    /// batch to a power of two, at most 4096.
    /// </summary>
    /// <param name="payload">UTF-8 JSON that was checked before.</param>
    public static string? Of(ReadOnlySpan<byte> payload)
    {
        var reader = new Utf8JsonReader(payload);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return null;
        long width = 0, height = 0, batch = 1;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (isWidth, isHeight) = (reader.ValueTextEquals("width"u8), reader.ValueTextEquals("height"u8));
            var isBatch = reader.ValueTextEquals("batch_size"u8) || reader.ValueTextEquals("batch"u8) || reader.ValueTextEquals("n_iter"u8);
            reader.Read();
            if ((isWidth || isHeight || isBatch) && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number) && number > 0)
                (width, height, batch) = (isWidth ? number : width, isHeight ? number : height, isBatch ? Math.Min(MostBatch, batch * Math.Min(number, MostBatch)) : batch);
            reader.Skip();
        }

        var hasSides = width > 0 && height > 0;
        if (!hasSides && batch <= 1)
            return null;
        var pixels = hasSides ? (long)Int128.Min((Int128)width * height, MostPixels) : 0;
        var quarters = hasSides ? BitOperations.RoundUpToPowerOf2((ulong)Math.Max(1, (pixels + Quarter - 1) / Quarter)) : 0;
        var size = hasSides ? string.Create(CultureInfo.InvariantCulture, $"{quarters / 4.0:0.##}mp") : "any";
        return batch > 1 ? string.Create(CultureInfo.InvariantCulture, $"{size}*{BitOperations.RoundUpToPowerOf2((ulong)batch)}") : size;
    }
}
