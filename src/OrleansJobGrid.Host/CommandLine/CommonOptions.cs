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

    public static Option<string?> Reason(string whom = "the audit log")
    {
        var option = new Option<string?>("--reason") { Description = $"Why, for {whom}; up to 500 characters.", HelpName = "TEXT" };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } reason && (reason.Length is < 1 or > 500 || reason.Any(char.IsControl)))
                result.AddError("--reason takes 1 to 500 characters on one line.");
        });
        return option;
    }

    public static Option<string?> Fingerprint(string description)
    {
        var option = new Option<string?>("--fingerprint") { Description = description, HelpName = "F" };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } f && (f.Length != 16 || !f.All(char.IsAsciiHexDigitLower)))
                result.AddError("--fingerprint takes 16 of 0-9a-f, as 'jobgrid dead-letters --groups' shows them.");
        });
        return option;
    }

    public static Option<int> Limit()
    {
        var limit = new Option<int>("--limit") { Description = "At most so many, 1 to 500.", HelpName = "N", DefaultValueFactory = _ => 50 };
        limit.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 500)
                result.AddError("--limit takes a number from 1 to 500.");
        });
        return limit;
    }

    public static Option<string?> Cursor() => new("--cursor") { Description = "Where the page before ended.", HelpName = "CURSOR" };

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
