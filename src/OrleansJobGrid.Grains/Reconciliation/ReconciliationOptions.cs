using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Grains.Outbound;

namespace OrleansJobGrid.Grains.Reconciliation;

/// <summary>Settings of the reconciliation with other systems, section <c>JobGrid:Reconciliation</c>.</summary>
public sealed class ReconciliationOptions
{
    /// <summary>How often sources are compared; 0: only on demand. Default 0.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan Interval { get; set; }

    /// <summary>What changed in the grid more recently than this is still on its way, and no difference. Default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan Grace { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How far back jobs are looked for in sources that should have all. Default 1 day.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")]
    public TimeSpan Window { get; set; } = TimeSpan.FromDays(1);

    /// <summary>Sources by name.</summary>
    public Dictionary<string, StateSourceOptions> Sources { get; } = [];
}

/// <summary>A source that is reached by HTTP.</summary>
public sealed class StateSourceOptions
{
    /// <summary>
    /// <c>GET URL?limit=N&amp;cursor=C</c> gives <c>{"entries": [{"id", "state", "updated_at"}], "next_cursor"}</c>; <c>PUT URL/ID</c> with
    /// <c>{"id", "state", "updated_at"}</c> puts one right.
    /// </summary>
    public string Url { get; set; } = "";

    /// <summary>2 to 100: the grid has 1, and of two sources the lower rank is believed. Default 2.</summary>
    public int Rank { get; set; } = 2;

    /// <summary>Whether it should have every job of the grid. Default false: only what it has is compared.</summary>
    public bool ExpectsAll { get; set; }

    /// <summary>Its words for the grid's states; a state that is not named here has the grid's own.</summary>
    public Dictionary<string, string> States { get; } = [];

    /// <summary>Headers of its calls, such as Authorization.</summary>
    public Dictionary<string, string> Headers { get; } = [];

    /// <summary>Longest time of a call. Default 30 s.</summary>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(30);
}

/// <summary>A source that cannot be asked would be found out only when it is needed.</summary>
internal sealed class ReconciliationOptionsCheck : IValidateOptions<JobGridOptions>
{
    public ValidateOptionsResult Validate(string? name, JobGridOptions options)
    {
        var errors = new List<string>();
        foreach (var (source, given) in options.Reconciliation.Sources)
        {
            var setting = $"JobGrid:Reconciliation:Sources:{source}";
            if (!AllowedAddress.IsAddress(given.Url))
                errors.Add($"{setting}:Url is '{given.Url}'; give an address, such as https://api.example.org/job-states.");
            if (given.Rank is < 2 or > 100)
                errors.Add($"{setting}:Rank is {given.Rank}; give 2 to 100, since the grid itself has 1.");
            if (given.CallTimeout <= TimeSpan.Zero || given.CallTimeout > TimeSpan.FromMinutes(10))
                errors.Add($"{setting}:CallTimeout is {given.CallTimeout}; give up to 10 min.");
        }

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
