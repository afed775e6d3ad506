namespace OrleansJobGrid.Gateway.Jobs;

/// <summary>A field of a small request body.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsRequired">Whether it must be there.</param>
/// <param name="Form">What it must be, in words, for a refusal.</param>
/// <param name="IsGood">Whether a string is right; null: any JSON is.</param>
/// <param name="MaxBytes">Largest JSON text, where any JSON is right.</param>
/// <param name="IsNumber">Whether it is a number, whose text is then asked.</param>
internal sealed record BodyField(string Name, bool IsRequired, string Form, Func<string, bool>? IsGood, int MaxBytes = 0, bool IsNumber = false)
{
    /// <summary>Characters of a reason; it stands in the job's audit log, with each request.</summary>
    public const int ReasonLength = 500;

    /// <summary>Why somebody asks, for the audit log.</summary>
    public static BodyField Reason { get; } =
        new("reason", false, $"a string of 1 to {ReasonLength} characters without control characters", t => t.Length is >= 1 and <= ReasonLength && !t.Any(char.IsControl));

    public static BodyField Choice(string name, bool required, params string[] choices) =>
        new(name, required, "one of " + string.Join(", ", choices.Select(c => $"\"{c}\"")), t => choices.Contains(t, StringComparer.Ordinal));

    public static BodyField Number(string name, double least, double most) =>
        new(name, false, $"a number from {least:0} to {most:0}", t => double.Parse(t, System.Globalization.CultureInfo.InvariantCulture) is var n && n >= least && n <= most, IsNumber: true);

    public static BodyField Json(string name, int maxBytes) => new(name, false, "JSON", null, maxBytes);
}
