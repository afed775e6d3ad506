using Newtonsoft.Json;
using Newtonsoft.Json.Linq;
using OrleansJobGrid.Connectors.Failures;

namespace OrleansJobGrid.Connectors.Http;

/// <summary>What the places of templates stand for.</summary>
internal sealed class HttpValues
{
    private readonly JToken? _payload;
    private readonly Dictionary<string, JToken?> _names;

    private HttpValues(JToken? payload, Dictionary<string, JToken?> names) => (_payload, _names) = (payload, names);

    /// <summary>Of a job that this worker does.</summary>
    public static HttpValues Of(IJobContext job, string mark, string? callback = null) =>
        new(HttpTemplate.Parse(job.Payload.GetRawText()), new() { ["job"] = job.JobId, ["attempt"] = job.Attempt, ["mark"] = mark, ["callback"] = callback });

    /// <summary>Of a message that came, which stands for the payload.</summary>
    public static HttpValues OfMessage(JToken message, WorkMark mark) => new(message, new() { ["mark"] = mark.ExternalId, ["id"] = mark.ServiceId });

    /// <summary>Of a connection that begins.</summary>
    public static HttpValues OfSecret(string secret) => new(null, new() { ["secret"] = secret });

    /// <summary>Of a post by anybody.</summary>
    public static HttpValues OfMark(WorkMark mark) => new(null, new() { ["mark"] = mark.ExternalId, ["id"] = mark.ServiceId });

    /// <summary>A value by its name; null: there is none.</summary>
    public JToken? Find(string name) =>
        _names.TryGetValue(name, out var value) ? value
        : name == "payload" ? _payload
        : _payload is not null && name.StartsWith("payload", StringComparison.Ordinal) ? Select(_payload, $"${name["payload".Length..]}")
        : null;

    /// <summary>The first value at a path; null: there is none, or it is null.</summary>
    public static JToken? Select(JToken from, string path)
    {
        try
        {
            return from.SelectTokens(path).FirstOrDefault(t => t.Type != JTokenType.Null);
        }
        catch (JsonException)
        {
            // The path asks something else of this value than it is.
            return null;
        }
    }

    /// <summary>Progress that an answer tells, 0 to 99: that it is over is for its state to say. Null: it tells none.</summary>
    public static double? Percent(JToken from, string? path, bool isShare) =>
        path is not null && Select(from, path) is JValue { Type: JTokenType.Integer or JTokenType.Float } said
            ? Math.Clamp((double)said * (isShare ? 100 : 1), 0, 99)
            : null;

    /// <summary>The first value at a path as a text; null: there is none.</summary>
    public static string? Text(JToken from, string? path) => path is null ? null : Select(from, path) switch
    {
        null => null,
        JValue { Type: JTokenType.String } text => (string)text!,
        var other => other.ToString(Formatting.None),
    };

    /// <summary>What is known of a failure that JSON tells.</summary>
    /// <param name="said">What the service said.</param>
    /// <param name="errorPath">Where it says what went wrong; null: the forms of known services are recognised.</param>
    /// <param name="instance">The instance that said it.</param>
    /// <param name="stage">See <see cref="FailureEvidence.Stage"/>.</param>
    public static FailedResult Failure(JToken said, string? errorPath, string instance, string stage)
    {
        var body = ServiceErrorBody.Read(said.ToString(Formatting.None));
        return new(new FailureEvidence
        {
            Message = Text(said, errorPath) ?? (body.Message.Length > 0 ? body.Message : $"'{instance}' says that the job failed, and not why."),
            ExceptionType = body.ExceptionType,
            ServiceErrorType = body.ErrorType,
            Stage = stage,
            Instance = instance,
        });
    }
}
