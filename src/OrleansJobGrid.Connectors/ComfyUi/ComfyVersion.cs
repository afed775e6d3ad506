namespace OrleansJobGrid.Connectors.ComfyUi;

/// <summary>
/// What a server can do by its version. One that does not say its version, or says <c>unknown</c>, is taken to be able to do nothing that came
/// later, and what it does is looked at.
/// </summary>
internal sealed record ComfyVersion(Version? Number)
{
    private static readonly Version OwnIds = new(0, 3, 45);
    private static readonly Version JobCancel = new(0, 26, 0);

    public static ComfyVersion Of(string? text) =>
        new(Version.TryParse(text?.TrimStart('v').Split('+', '-', ' ')[0], out var number) ? number : null);

    /// <summary>Whether it takes the prompt's id that it is given.</summary>
    public bool TakesIds => Number >= OwnIds;

    /// <summary>Whether it has <c>POST /api/jobs/{id}/cancel</c>, which cannot hit another prompt.</summary>
    public bool CancelsById => Number >= JobCancel;

    public override string ToString() => Number?.ToString() ?? "unknown";
}
