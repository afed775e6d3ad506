using System.Globalization;

namespace OrleansJobGrid.ProcessTests.Grid;

/// <summary>How a test starts <c>jobgrid up</c>.</summary>
internal sealed record GridArguments(string DataFolder)
{
    public string? Redis { get; init; }

    public string Roles { get; init; } = "gateway,grid,worker";

    public int Slots { get; init; } = 4;

    /// <summary>A configuration file; null: none.</summary>
    public string? Config { get; init; }

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public IEnumerable<string> ToCommandLine(Uri? url)
    {
        string[] always = ["--data", DataFolder, "--roles", Roles, "--slots", Slots.ToString(CultureInfo.InvariantCulture)];
        string[] redis = Redis is null ? [] : ["--redis", Redis];
        string[] urls = url is null ? [] : ["--urls", url.GetLeftPart(UriPartial.Authority)];
        string[] config = Config is null ? [] : ["--config", Config];
        return [.. always, .. redis, .. urls, .. config];
    }
}
