using System.Text.Json.Serialization;

namespace OrleansJobGrid.Contracts.Matching;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(JobRequirements))]
[JsonSerializable(typeof(WorkerCapabilities))]
internal sealed partial class MatchingJson : JsonSerializerContext;
