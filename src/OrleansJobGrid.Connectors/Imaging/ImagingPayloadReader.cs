using System.Text.Json;

namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>Reads and checks a payload. All errors are gathered, each naming its field, the range and the mend.</summary>
internal sealed class ImagingPayloadReader
{
    private static readonly string[] s_fields = ["operation", "inputs", "width", "height", "columns", "strength", "output"];

    private readonly JsonElement _payload;
    private readonly List<string> _errors = [];

    private ImagingPayloadReader(JsonElement payload) => _payload = payload;

    /// <summary>Reads a payload.</summary>
    /// <returns>The payload, or the failure that says what is wrong with it.</returns>
    public static (ImagingPayload? Payload, ConnectorResult? Failure) Read(JsonElement payload)
    {
        if (payload.ValueKind != JsonValueKind.Object)
            return (null, Invalid($"The payload is an object with the fields {string.Join(", ", s_fields)}; send one."));
        var reader = new ImagingPayloadReader(payload);
        ImagingPayload? read = reader.Read();
        return reader._errors.Count == 0 ? (read, null) : (null, Invalid(string.Join(' ', reader._errors)));
    }

    /// <summary>The failure of a payload.</summary>
    public static ConnectorResult Invalid(string message) => ConnectorResult.Failed(FailureClass.Malformed, "invalid_payload", message);

    private ImagingPayload? Read()
    {
        foreach (JsonProperty field in _payload.EnumerateObject())
        {
            if (!s_fields.Contains(field.Name))
                _errors.Add($"{field.Name}: unknown field; remove it (known are {string.Join(", ", s_fields)}).");
        }

        ImagingOperation? operation = ReadOperation();
        if (operation is null)
            return null;
        bool sheet = operation == ImagingOperation.ContactSheet;
        List<string> inputs = ReadInputs(sheet);
        int? width = ReadSize("width", ImagingLimits.MaxSize);
        int? height = ReadSize("height", ImagingLimits.MaxSize);
        int? columns = ReadSize("columns", ImagingLimits.MaxInputs);
        double? strength = ReadStrength();
        CheckFields(operation.Value);
        (string output, PictureFormat format) = ReadOutput(DefaultOutput(operation.Value));
        int cells = sheet ? columns ?? (int)Math.Ceiling(Math.Sqrt(inputs.Count)) : 1;
        double how = operation == ImagingOperation.Denoise ? strength ?? DenoiseWeights.DefaultStrength : 0;
        return new ImagingPayload(operation.Value, inputs, width, height, Math.Max(1, cells), how, output, format);
    }

    /// <summary>Each operation has fields of its own.</summary>
    private void CheckFields(ImagingOperation operation)
    {
        string name = ImagingPayload.NameOf(operation);
        if (operation != ImagingOperation.Denoise && Has("strength"))
            _errors.Add("strength: belongs to denoise; remove it.");
        if (operation != ImagingOperation.ContactSheet && Has("columns"))
            _errors.Add("columns: belongs to contact_sheet; remove it, or set operation to contact_sheet.");
        foreach (string field in new[] { "width", "height" })
        {
            if (operation == ImagingOperation.Denoise && Has(field))
                _errors.Add($"{field}: denoise keeps the picture's size; remove it, or resize with a job of its own.");
            if (operation == ImagingOperation.ContactSheet && !Has(field))
                _errors.Add($"{field}: missing; {name} needs the size of a cell, a whole number from 1 to {ImagingLimits.MaxSize}.");
        }

        if (operation == ImagingOperation.Resize && !Has("width") && !Has("height"))
            _errors.Add($"width, height: missing; resize needs one of them or both, whole numbers from 1 to {ImagingLimits.MaxSize}.");
    }

    private static string DefaultOutput(ImagingOperation operation) => ImagingPayload.NameOf(operation).Replace('_', '-') + ".png";

    private bool Has(string field) => _payload.TryGetProperty(field, out JsonElement value) && value.ValueKind != JsonValueKind.Null;

    private ImagingOperation? ReadOperation()
    {
        if (_payload.TryGetProperty("operation", out JsonElement value) && value.ValueKind == JsonValueKind.String)
        {
            foreach (ImagingOperation operation in Enum.GetValues<ImagingOperation>())
            {
                if (value.ValueEquals(ImagingPayload.NameOf(operation)))
                    return operation;
            }
        }

        _errors.Add($"operation: {Show("operation")}; it is one of resize, contact_sheet, denoise.");
        return null;
    }

    private List<string> ReadInputs(bool sheet)
    {
        string range = sheet ? $"1 to {ImagingLimits.MaxInputs} artefact ids" : "exactly 1 artefact id";
        List<string> inputs = [];
        if (!_payload.TryGetProperty("inputs", out JsonElement value) || value.ValueKind != JsonValueKind.Array)
        {
            _errors.Add($"inputs: {Show("inputs")}; it is an array of {range}.");
            return inputs;
        }

        int count = value.GetArrayLength();
        if (count < 1 || count > (sheet ? ImagingLimits.MaxInputs : 1))
        {
            string mend = sheet ? count == 0 ? "name at least one" : "make several sheets" : "submit a job for each picture";
            _errors.Add($"inputs: has {count} elements; it is an array of {range}; {mend}.");
            return inputs;
        }

        foreach (JsonElement element in value.EnumerateArray())
        {
            string? id = element.ValueKind == JsonValueKind.String ? element.GetString() : null;
            if (string.IsNullOrWhiteSpace(id))
                _errors.Add($"inputs[{inputs.Count}]: is not an artefact id; upload the file (POST /api/artefacts) and name the id it got.");
            inputs.Add(id ?? "");
        }

        return inputs;
    }

    private int? ReadSize(string field, int max)
    {
        if (!Has(field))
            return null;
        JsonElement value = _payload.GetProperty(field);
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int size) && size >= 1 && size <= max)
            return size;
        _errors.Add($"{field}: {Show(field)}; it is a whole number from 1 to {max}.");
        return null;
    }

    private double? ReadStrength()
    {
        if (!Has("strength"))
            return null;
        JsonElement value = _payload.GetProperty("strength");
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double strength)
            && strength is >= DenoiseWeights.MinStrength and <= DenoiseWeights.MaxStrength)
        {
            return strength;
        }

        _errors.Add($"strength: {Show("strength")}; it is a number from 0.01 to 1, the noise's standard deviation in hundreds of 255 levels.");
        return null;
    }

    private (string Name, PictureFormat Format) ReadOutput(string fallback)
    {
        if (!Has("output"))
            return (fallback, PictureFormat.Png);
        JsonElement value = _payload.GetProperty("output");
        string name = value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
        PictureFormat? format = Path.GetExtension(name).ToLowerInvariant() switch
        {
            ".png" => PictureFormat.Png,
            ".jpg" or ".jpeg" => PictureFormat.Jpeg,
            ".webp" => PictureFormat.Webp,
            _ => null,
        };
        bool fits = name.Length is > 0 and <= ImagingLimits.MaxOutputName && name[0] != '.'
            && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-');
        if (fits && format is not null)
            return (name, format.Value);
        _errors.Add($"output: {Show("output")}; it is a file name without folders that ends in .png, .jpg, .jpeg or .webp, "
            + $"1 to {ImagingLimits.MaxOutputName} of A-Za-z0-9._- and not beginning with a dot.");
        return (fallback, PictureFormat.Png);
    }

    private string Show(string field)
    {
        if (!_payload.TryGetProperty(field, out JsonElement value))
            return "missing";
        string text = value.GetRawText();
        return "is " + (text.Length <= 60 ? text : text[..60] + "…");
    }
}
