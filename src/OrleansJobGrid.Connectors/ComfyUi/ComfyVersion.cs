namespace OrleansJobGrid.Connectors.ComfyUi;

/// <summary>
/// What a server can do by its version. One that does not say its version, or says <c>unknown</c>, is taken to be able to do nothing that came
/// later, and what it does is looked at.
/// </summary>
/// <param name="Number">The version; null: it does not say it.</param>
/// <param name="Frees">Whether it has <c>POST /free</c>, as all have that know the word version.</param>
internal sealed record ComfyVersion(Version? Number, bool Frees)
{
    private static readonly Version OwnIds = new(0, 3, 45);
    private static readonly Version JobCancel = new(0, 26, 0);

    public static ComfyVersion Of(string? text) =>
        new(Version.TryParse(text?.TrimStart('v').Split('+', '-', ' ')[0], out var number) ? number : null, Frees: text is not null);

    /// <summary>Whether it takes the prompt's id that it is given.</summary>
    public bool TakesIds => Number >= OwnIds;

    /// <summary>Whether it has <c>POST /api/jobs/{id}/cancel</c>, which cannot hit another prompt.</summary>
    public bool CancelsById => Number >= JobCancel;

    public override string ToString() => Number?.ToString() ?? "unknown";
}
