using System.Text.Json;

namespace OrleansJobGrid.Connectors.Simulation;

/// <summary>A simulation's payload, checked. A struct read field by field, since the benchmarks of throughput run through here.</summary>
internal struct SimulationPayload
{
    private const int MaxDurationMs = 24 * 60 * 60 * 1000;
    private const int MaxSteps = 10_000;
    private const int MaxFailAttempts = 1_000;
    private const int MaxGpuMemoryMb = 1_000_000;

    internal int DurationMs;

    /// <summary>0: not given, which reports no progress but the end.</summary>
    internal int Steps;

    /// <summary>0: not in chunks.</summary>
    internal int Chunks;
    internal int MemoryMb;
    internal JsonElement? Result;
    internal SimulatedFailure Failure;

    /// <summary>Attempts that fail, from the first; all of them where the payload does not say.</summary>
    internal int FailAttempts;
    internal string? SideEffectFile;

    /// <summary>A model that it works with; null: none.</summary>
    internal string? Model;
    internal int LoadMs;
    internal int GpuMemoryMb;

    internal static bool TryParse(JsonElement json, int maxMemoryMb, out SimulationPayload payload, out string error)
    {
        payload = new SimulationPayload { FailAttempts = int.MaxValue };
        error = "";
        if (json.ValueKind != JsonValueKind.Object)
            return Wrong($"payload is a JSON object, not {Kind(json)}.", out error);

        bool failAttemptsGiven = false, loadGiven = false;
        foreach (var field in json.EnumerateObject())
        {
            bool valid;
            if (field.NameEquals("duration_ms"u8))
                valid = Number(field, 0, MaxDurationMs, out payload.DurationMs, out error);
            else if (field.NameEquals("result"u8))
                (payload.Result, valid) = (field.Value, true);
            else if (field.NameEquals("steps"u8))
                valid = Number(field, 1, MaxSteps, out payload.Steps, out error);
            else if (field.NameEquals("chunks"u8))
                valid = Number(field, 1, MaxSteps, out payload.Chunks, out error);
            else if (field.NameEquals("memory_mb"u8))
                valid = Number(field, 0, maxMemoryMb, out payload.MemoryMb, out error);
            else if (field.NameEquals("failure"u8))
                valid = ParseFailure(field.Value, out payload.Failure, out error);
            else if (field.NameEquals("fail_attempts"u8))
                (valid, failAttemptsGiven) = (Number(field, 0, MaxFailAttempts, out payload.FailAttempts, out error), true);
            else if (field.NameEquals("side_effect_file"u8))
                valid = Text(field, out payload.SideEffectFile, out error);
            else if (field.NameEquals("model"u8))
                valid = Text(field, out payload.Model, out error);
            else if (field.NameEquals("load_ms"u8))
                (valid, loadGiven) = (Number(field, 0, MaxDurationMs, out payload.LoadMs, out error), true);
            else if (field.NameEquals("gpu_memory_mb"u8))
                valid = Number(field, 0, MaxGpuMemoryMb, out payload.GpuMemoryMb, out error);
            else
                valid = Wrong(
                    $"payload.{field.Name} is not known. Known are duration_ms, steps, chunks, memory_mb, result, failure, fail_attempts, side_effect_file, "
                    + "model, load_ms, gpu_memory_mb.", out error);
            if (!valid)
                return false;
        }
        if (payload is { Chunks: > 0, Steps: > 0 })
            return Wrong("payload.steps and payload.chunks both part the duration; give one of them.", out error);
        if (loadGiven && payload.Model is null)
            return Wrong("payload.load_ms needs payload.model, which takes so long to load.", out error);
        return !failAttemptsGiven || payload.Failure != SimulatedFailure.None
            || Wrong("payload.fail_attempts needs payload.failure, which says how those attempts fail.", out error);
    }

    private static bool ParseFailure(JsonElement value, out SimulatedFailure failure, out string error)
    {
        failure = value.ValueKind != JsonValueKind.String ? SimulatedFailure.None
            : value.ValueEquals("transient"u8) ? SimulatedFailure.Transient
            : value.ValueEquals("resource_exhaustion"u8) ? SimulatedFailure.ResourceExhaustion
            : value.ValueEquals("malformed"u8) ? SimulatedFailure.Malformed
            : value.ValueEquals("refused"u8) ? SimulatedFailure.Refused
            : value.ValueEquals("rate_limited"u8) ? SimulatedFailure.RateLimited
            : value.ValueEquals("missing_here"u8) ? SimulatedFailure.MissingHere
            : value.ValueEquals("crash"u8) ? SimulatedFailure.Crash
            : SimulatedFailure.None;
        error = "";
        return failure != SimulatedFailure.None || Wrong(
            "payload.failure is one of transient, resource_exhaustion, malformed, refused, rate_limited, missing_here, crash.", out error);
    }

    private static bool Number(JsonProperty field, int min, int max, out int value, out string error)
    {
        value = 0;
        error = "";
        if (field.Value.ValueKind == JsonValueKind.Number && field.Value.TryGetInt32(out value) && value >= min && value <= max)
            return true;
        return Wrong($"payload.{field.Name} is a whole number from {min} to {max}.", out error);
    }

    private static bool Text(JsonProperty field, out string? value, out string error)
    {
        value = field.Value.ValueKind == JsonValueKind.String ? field.Value.GetString() : null;
        error = "";
        return !string.IsNullOrEmpty(value) || Wrong($"payload.{field.Name} is a text that is not empty.", out error);
    }

    private static string Kind(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null => "null",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        _ => "true or false",
    };

    private static bool Wrong(string message, out string error)
    {
        error = message;
        return false;
    }
}

internal enum SimulatedFailure
{
    None,
    Transient,
    ResourceExhaustion,
    Malformed,
    Refused,
    RateLimited,
    MissingHere,
    Crash,
}
