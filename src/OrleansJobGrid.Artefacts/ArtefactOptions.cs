namespace OrleansJobGrid.Artefacts;

/// <summary>Where artefacts are kept and how long, section <c>JobGrid:Artefacts</c> of the configuration.</summary>
public sealed class ArtefactOptions
{
    /// <summary>Folder or bucket, the same on all processes of a grid. Default <see cref="ArtefactBackend.Folder"/>.</summary>
    public ArtefactBackend Kind { get; set; }

    /// <summary>S3: the bucket, which has to exist. 3 to 63 of <c>a-z0-9.-</c>.</summary>
    public string? Bucket { get; set; }

    /// <summary>S3: what the keys of this grid begin with, such as <c>grids/blue/</c>. At most 256 of <c>A-Za-z0-9/._-</c>; default nothing.</summary>
    public string Prefix { get; set; } = "";

    /// <summary>S3: <c>http</c> or <c>https</c> address of the service. Default: Amazon's own in <see cref="Region"/>.</summary>
    public string? Endpoint { get; set; }

    /// <summary>S3: the region that requests are signed for. Default <c>us-east-1</c> where there is an endpoint; else it is needed.</summary>
    public string? Region { get; set; }

    /// <summary>S3: whether the bucket stands in the path and not in the host name. Default true where there is an endpoint, else false.</summary>
    public bool? PathStyle { get; set; }

    /// <summary>S3: the key's id. Default: as the SDK finds credentials (environment, profile, role of the machine).</summary>
    public string? AccessKey { get; set; }

    /// <summary>S3: the key; given together with its id.</summary>
    public string? SecretKey { get; set; }

    /// <summary>Largest output of a job, bytes. Default 4 GiB. A larger one fails its attempt for good.</summary>
    public long MaxOutputBytes { get; set; } = 4L << 30;

    /// <summary>Most bytes of all outputs of an attempt together. Default 16 GiB.</summary>
    public long MaxAttemptBytes { get; set; } = 16L << 30;

    /// <summary>How often what no job refers to is looked for; zero: never. Default 6 h.</summary>
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromHours(6);

    /// <summary>
    /// How long nobody must have used it before it is removed; no shorter than the longest attempt and a day. Longer costs room, shorter
    /// takes uploads from clients that name them late. Default 31 days.
    /// </summary>
    public TimeSpan KeepOrphans { get; set; } = TimeSpan.FromDays(31);

    /// <summary>How long a signed link is good for where its maker asks for no other time. Default 1 h.</summary>
    public TimeSpan LinkLifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Folder: what links are signed with, 16 to 256 characters, the same on all gateways. Default: made at random and kept in the folder.
    /// </summary>
    public string? LinkKey { get; set; }
}
