using System.Buffers;
using System.Text;
using System.Text.Json;

namespace OrleansJobGrid.Connectors.Processes;

/// <summary>A process job's payload, checked.</summary>
internal sealed record ProcessPayload(
    string Command,
    IReadOnlyList<string> Args,
    string? Stdin,
    IReadOnlyDictionary<string, string> Env,
    IReadOnlyDictionary<string, string> Inputs,
    IReadOnlyList<string> Outputs)
{
    private const int MaxArguments = 1_000;
    private const int MaxFiles = 100;
    private const int MaxNameBytes = 200;
    private static readonly SearchValues<char> ForbiddenInNames = SearchValues.Create(@"/\:*?""<>|");

    /// <exception cref="InvalidPayloadException">Naming the field and the mend.</exception>
    internal static ProcessPayload Parse(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new InvalidPayloadException("payload is a JSON object.");
        string? command = null, stdin = null;
        IReadOnlyList<string> args = [], outputs = [];
        IReadOnlyDictionary<string, string> env = new Dictionary<string, string>(), inputs = new Dictionary<string, string>();
        foreach (var field in json.EnumerateObject())
        {
            switch (field.Name)
            {
                case "command": command = Text(field.Value, "payload.command"); break;
                case "args": args = Texts(field.Value, "payload.args", MaxArguments); break;
                case "stdin": stdin = Text(field.Value, "payload.stdin", nul: true); break;
                case "env": env = Map(field.Value, "payload.env", MaxArguments); break;
                case "inputs": inputs = Map(field.Value, "payload.inputs", MaxFiles); break;
                case "outputs": outputs = Texts(field.Value, "payload.outputs", MaxFiles); break;
                default: throw new InvalidPayloadException($"payload.{field.Name} is not known. Known are command, args, stdin, env, inputs, outputs.");
            }
        }
        if (string.IsNullOrEmpty(command))
            throw new InvalidPayloadException("payload.command is required: a name in the worker's allow list.");
        foreach (var name in env.Keys)
            CheckVariable(name);
        foreach (var name in inputs.Keys)
            CheckName(name, "payload.inputs");
        foreach (var name in outputs)
            CheckName(name, "payload.outputs");
        if (outputs.Distinct(StringComparer.Ordinal).Count() != outputs.Count)
            throw new InvalidPayloadException("payload.outputs names a file twice.");
        return new ProcessPayload(command, args, stdin, env, inputs, outputs);
    }

    private static string Text(JsonElement value, string field, bool nul = false)
    {
        if (value.ValueKind != JsonValueKind.String)
            throw new InvalidPayloadException($"{field} is a text.");
        var text = value.GetString()!;
        return nul || !text.Contains('\0', StringComparison.Ordinal)
            ? text
            : throw new InvalidPayloadException($"{field} holds a NUL character, which no argument or variable can.");
    }

    private static List<string> Texts(JsonElement value, string field, int most)
    {
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > most)
            throw new InvalidPayloadException($"{field} is an array of at most {most} texts.");
        return [.. value.EnumerateArray().Select((item, i) => Text(item, $"{field}[{i}]"))];
    }

    private static Dictionary<string, string> Map(JsonElement value, string field, int most)
    {
        if (value.ValueKind != JsonValueKind.Object)
            throw new InvalidPayloadException($"{field} is an object of texts.");
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var item in value.EnumerateObject())
        {
            if (!map.TryAdd(item.Name, Text(item.Value, $"{field}.{item.Name}")))
                throw new InvalidPayloadException($"{field}.{item.Name} is there twice.");
        }
        return map.Count <= most ? map : throw new InvalidPayloadException($"{field} has at most {most} entries.");
    }

    private static void CheckVariable(string name)
    {
        if (name.Length == 0 || char.IsAsciiDigit(name[0]) || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
            throw new InvalidPayloadException($"payload.env.{name}: a variable's name has letters, digits and _, and no digit first.");
    }

    private static void CheckName(string name, string field)
    {
        if (name.Length == 0 || Encoding.UTF8.GetByteCount(name) > MaxNameBytes || name.Any(char.IsControl)
            || name.AsSpan().ContainsAny(ForbiddenInNames) || name[0] == ' ' || name[^1] is ' ' or '.')
        {
            throw new InvalidPayloadException($"{field}: '{name}' is not a file name without folders (1 to {MaxNameBytes} bytes, none of / \\ : * ? \" < > |).");
        }
    }
}
