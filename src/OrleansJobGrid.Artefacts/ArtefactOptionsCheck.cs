using System.Buffers;

namespace OrleansJobGrid.Artefacts;

/// <summary>Checks <see cref="ArtefactOptions"/>.</summary>
public static class ArtefactOptionsCheck
{
    private const string Section = "JobGrid:Artefacts:";

    /// <summary>A signature of version 4 is good for no longer.</summary>
    public static readonly TimeSpan LongestLink = TimeSpan.FromDays(7);

    private static readonly TimeSpan ShortestSweep = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestSweep = TimeSpan.FromDays(30);
    private static readonly TimeSpan ShortestKeep = TimeSpan.FromDays(1);
    private static readonly TimeSpan LongestKeep = TimeSpan.FromDays(3_650);
    private static readonly SearchValues<char> InBuckets = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789.-");
    private static readonly SearchValues<char> InPrefixes = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-");

    /// <summary>All that is wrong, each naming its setting and the mend.</summary>
    public static IReadOnlyList<string> Errors(ArtefactOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var errors = Limits(options).ToList();
        if (options.Kind == ArtefactBackend.S3)
            errors.AddRange(OfS3(options));
        else
            errors.AddRange(S3Names(options).Select(name => $"{Section}{name} says something of a bucket, but {Section}Kind is {options.Kind}: set Kind to S3, or remove it."));
        return errors;
    }

    private static IEnumerable<string> Limits(ArtefactOptions options)
    {
        if (!Enum.IsDefined(options.Kind))
            yield return $"{Section}Kind is {options.Kind}: use Folder or S3.";
        if (options.MaxOutputBytes < 1)
            yield return $"{Section}MaxOutputBytes is {options.MaxOutputBytes}: use 1 or more.";
        if (options.MaxAttemptBytes < options.MaxOutputBytes)
            yield return $"{Section}MaxAttemptBytes is {options.MaxAttemptBytes}, less than MaxOutputBytes ({options.MaxOutputBytes}): raise it, or lower MaxOutputBytes.";
        if (options.SweepInterval != TimeSpan.Zero && (options.SweepInterval < ShortestSweep || options.SweepInterval > LongestSweep))
            yield return $"{Section}SweepInterval is {options.SweepInterval}: use 1 minute to 30 days, or 0 for never.";
        if (options.KeepOrphans < ShortestKeep || options.KeepOrphans > LongestKeep)
            yield return $"{Section}KeepOrphans is {options.KeepOrphans}: use 1 to 3650 days.";
        if (options.LinkLifetime < TimeSpan.FromSeconds(1) || options.LinkLifetime > LongestLink)
            yield return $"{Section}LinkLifetime is {options.LinkLifetime}: use 1 s to 7 days.";
        if (options.LinkKey is { Length: < 16 or > 256 })
            yield return $"{Section}LinkKey has {options.LinkKey.Length} characters: use 16 to 256, or leave it out.";
    }

    private static IEnumerable<string> OfS3(ArtefactOptions options)
    {
        if (options.Bucket is not { Length: >= 3 and <= 63 } bucket || bucket.AsSpan().ContainsAnyExcept(InBuckets))
            yield return $"{Section}Bucket is '{options.Bucket}': name a bucket, 3 to 63 of a-z 0-9 . -";
        if (options.Prefix.Length > 256 || options.Prefix.AsSpan().ContainsAnyExcept(InPrefixes) || options.Prefix.StartsWith('/') || options.Prefix.Contains("//", StringComparison.Ordinal)
            || options.Prefix.Split('/').Any(p => p is "." or ".."))
        {
            yield return $"{Section}Prefix is '{options.Prefix}': use at most 256 of A-Z a-z 0-9 / . _ - such as grids/blue/, with no slash in front and no empty part.";
        }

        if (options.Endpoint is { } endpoint && (!Uri.TryCreate(endpoint, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https") || address.UserInfo.Length > 0 || address.PathAndQuery != "/"))
            yield return $"{Section}Endpoint is no address such as https://s3.example.com (http or https, no path, no user): mend it.";
        if (options.Endpoint is null && options.Region is null)
            yield return $"{Section}Region is missing: name the region of the bucket, or an Endpoint.";
        if (options.Region is { } region && (region.Length is 0 or > 64 || region.AsSpan().ContainsAnyExcept(InBuckets)))
            yield return $"{Section}Region is '{region}': use a region such as eu-central-1.";
        if ((options.AccessKey is null) != (options.SecretKey is null))
            yield return $"{Section}{(options.AccessKey is null ? "AccessKey" : "SecretKey")} is missing: give both, or neither.";
        if (options.LinkKey is not null)
            yield return $"{Section}LinkKey has no meaning with Kind S3, whose links are signed with its own key: remove it.";
    }

    private static IEnumerable<string> S3Names(ArtefactOptions options)
    {
        if (options.Bucket is not null)
            yield return nameof(options.Bucket);
        if (options.Prefix.Length > 0)
            yield return nameof(options.Prefix);
        if (options.Endpoint is not null)
            yield return nameof(options.Endpoint);
        if (options.Region is not null)
            yield return nameof(options.Region);
        if (options.PathStyle is not null)
            yield return nameof(options.PathStyle);
        if (options.AccessKey is not null)
            yield return nameof(options.AccessKey);
        if (options.SecretKey is not null)
            yield return nameof(options.SecretKey);
    }
}
