using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Microsoft.Extensions.Options;

namespace OrleansJobGrid.Gateway.Hosting;

/// <summary>Settings of the HTTP edge.</summary>
public sealed class GatewayOptions
{
    /// <summary>The roles of this process, as shown by <c>GET /api/health</c>. Default: gateway alone.</summary>
    [Required, MinLength(1)]
    public IReadOnlyList<string> Roles { get; set; } = ["gateway"];

    /// <summary>The version shown by <c>GET /api/health</c>. Default: this assembly's.</summary>
    [Required]
    public string Version { get; set; } =
        typeof(GatewayOptions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>Largest upload, bytes. Default 1 GiB; a larger one answers 413.</summary>
    [Range(1L, long.MaxValue)]
    public long MaxArtefactBytes { get; set; } = 1L << 30;

    /// <summary>
    /// How long one call of a job's stream waits for a change, and so how often a keep-alive line is sent; below the response
    /// timeout of the cluster (30 s). Default 10 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:00:20")]
    public TimeSpan WatchWait { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a job's stream goes on asking a grid that does not answer, before it ends with an <c>error</c> event. Default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan WatchPatience { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>The pause between two such tries. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan WatchRetryPause { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long health and readiness wait for the grid. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:00:30")]
    public TimeSpan HealthTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Answers of an NDJSON batch kept for a client that sends all before it reads anything, as most HTTP/1.1 clients do; when
    /// they are full, reading stops until the client reads. Bytes, default 16 MiB (some 150,000 answers), a request.
    /// </summary>
    [Range(64 << 10, 1 << 30)]
    public int NdjsonAnswerBytes { get; set; } = 16 << 20;
}

/// <summary>Checks the ranges, all at once, at start.</summary>
[OptionsValidator]
internal sealed partial class GatewayOptionsValidator : IValidateOptions<GatewayOptions>;
