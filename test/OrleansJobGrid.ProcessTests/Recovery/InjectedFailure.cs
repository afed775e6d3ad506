using System.Text.Json;
using OrleansJobGrid.Client;
using OrleansJobGrid.TestKit.Outside;

namespace OrleansJobGrid.ProcessTests.Recovery;

/// <summary>A kind of job of the long run: what it is asked to do, and the state in which it is to end.</summary>
internal sealed record InjectedFailure(string Name, string Service, object Payload, string Ends, int? MaxRetries = null)
{
    /// <summary>Work that succeeds, in both kinds of service.</summary>
    public static IReadOnlyList<InjectedFailure> None { get; } =
    [
        new("simulation", "simulation", new { duration_ms = 400 }, "completed"),
        new("outside", OutsideSettings.Service, new { duration_ms = 800, output = "out.txt" }, "completed"),
    ];

    /// <summary>Each class of failure, passing ones and lasting ones.</summary>
    public static IReadOnlyList<InjectedFailure> All { get; } =
    [
        Simulated("transient", 1, "completed"),
        Simulated("transient", null, "failed", maxRetries: 1),
        Simulated("resource_exhaustion", 1, "completed"),
        Simulated("rate_limited", 1, "completed"),
        Simulated("malformed", null, "failed"),
        Simulated("refused", null, "failed"),
        Outside(503, "overloaded", "The server is overloaded.", 1, "completed"),
        Outside(500, "RuntimeError", "CUDA out of memory. Tried to allocate 2.00 GiB.", 1, "completed"),
        Outside(429, "rate_limited", "Too many requests.", 1, "completed"),
        Outside(404, "missing_model", "The model is not installed.", 1, "completed"),
        Outside(400, "invalid_prompt", "Prompt outputs failed validation.", null, "failed"),
        Outside(401, "unauthorized", "The API key is not valid.", null, "failed"),
        Outside(503, "overloaded", "The server is overloaded.", null, "failed", maxRetries: 1),
    ];

    public JobSubmission ToJob(int number) => new()
    {
        Id = $"{Name}-{number}",
        ServiceRequired = Service,
        Payload = JsonSerializer.SerializeToNode(Payload, s_json),
        MaxRetries = MaxRetries,
        Retry = new(0.2, 2, 2),
    };

    private static readonly JsonSerializerOptions s_json = new() { DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull };

    private static InjectedFailure Simulated(string failure, int? times, string ends, int? maxRetries = null) => new(
        $"simulated_{failure}_{times?.ToString() ?? "always"}", "simulation", new { duration_ms = 20, failure, fail_attempts = times }, ends, maxRetries);

    private static InjectedFailure Outside(int status, string type, string message, int? times, string ends, int? maxRetries = null) => new(
        $"outside_{status}_{type}_{times?.ToString() ?? "always"}",
        OutsideSettings.Service,
        new { duration_ms = 50, failure = new { status, type, message, times } },
        ends,
        maxRetries);
}
