using System.CommandLine;

namespace OrleansJobGrid.Host.CommandLine;

/// <summary>Options and arguments that several commands have, worded once.</summary>
internal static class CommonOptions
{
    public static Option<string?> Url() => new("--url")
    {
        Description = $"The grid's address. Default: JOBGRID_URL, else {GridConnection.DefaultUrl}.",
        HelpName = "URL",
    };

    public static Option<bool> Json(string what) => new("--json") { Description = $"For programs: {what}." };

    public static Argument<string> JobId() => new("ID") { Description = "The job's id.", HelpName = "ID" };

    public static Argument<string> JobFile() => new("FILE")
    {
        Description = "The job file: a job, an array of jobs, or {\"jobs\": [...]}, as JSON.",
        HelpName = "FILE",
    };

    public static Option<string?> Redis() => new("--redis")
    {
        Description = "Redis 7 or newer in place of SQLite: HOST:PORT or redis[s]://user:password@host:port/db.",
        HelpName = "URL",
    };

    public static Option<string> Data() => new("--data")
    {
        Description = "Folder of the store and the artefacts.",
        HelpName = "DIR",
        DefaultValueFactory = _ => "./data",
    };

    public static Option<string> Cluster() => new("--cluster")
    {
        Description = "The cluster's name; all keys in Redis begin with it.",
        HelpName = "NAME",
        DefaultValueFactory = _ => "jobgrid",
    };

    public static Option<int?> Slots()
    {
        var option = new Option<int?>("--slots") { Description = "Jobs that the worker runs at once. Default: what its machine bears.", HelpName = "N" };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 1 or > 1000)
                result.AddError("--slots takes a number from 1 to 1000.");
        });
        return option;
    }
}
