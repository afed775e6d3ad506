using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace OrleansJobGrid.Connectors.ComfyUi;

[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(JsonObject))]
internal sealed partial class ComfyJson : JsonSerializerContext;
