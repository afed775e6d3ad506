using System.Globalization;

namespace OrleansJobGrid.TestKit.Grid;

/// <summary>How a test starts <c>jobgrid up</c>.</summary>
public sealed record GridArguments(string DataFolder)
{
    public string? Redis { get; init; }

    public string Roles { get; init; } = "gateway,grid,worker";

    public int Slots { get; init; } = 4;

    /// <summary>A configuration file; null: none.</summary>
    public string? Config { get; init; }

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Where its gateway listens; null: on a free port.</summary>
    public Uri? Url { get; init; }

    /// <summary>0: a free one.</summary>
    public int SiloPort { get; init; }

    /// <summary>The program, and what comes before <c>up</c>.</summary>
    public IReadOnlyList<string> Program { get; init; } = [GridProcess.Executable];

    public IEnumerable<string> ToCommandLine(Uri? url)
    {
        string[] always = ["--data", DataFolder, "--roles", Roles, "--slots", Slots.ToString(CultureInfo.InvariantCulture)];
        string[] redis = Redis is null ? [] : ["--redis", Redis];
        string[] urls = url is null ? [] : ["--urls", url.GetLeftPart(UriPartial.Authority)];
        string[] config = Config is null ? [] : ["--config", Config];
        string[] port = SiloPort == 0 ? [] : ["--silo-port", SiloPort.ToString(CultureInfo.InvariantCulture)];
        return [.. always, .. redis, .. urls, .. config, .. port];
    }
}
