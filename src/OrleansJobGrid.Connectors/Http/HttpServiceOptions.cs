namespace OrleansJobGrid.Connectors.Http;

/// <summary>
/// One service outside (<c>JobGrid:Http:Services:NAME</c>). Paths and bodies are templates (<see cref="HttpTemplate"/>); what is read from answers
/// is named by JSONPath.
/// </summary>
public sealed class HttpServiceOptions
{
    /// <summary>
    /// Base addresses (<c>http</c> or <c>https</c>) by the instance's name, 1 to 64 of <c>A-Za-z0-9._-</c>. In the grid an instance is
    /// <c>service/name</c>, which has to mean the same one on every worker. At least one.
    /// </summary>
    public IDictionary<string, string> Instances { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Names of the instances that live on the worker's machine, and are gone with it. Default none.</summary>
    public IList<string> OnThisMachine { get; } = [];

    /// <summary>Sent with each request; values are in no log, event or error. Default none.</summary>
    public IDictionary<string, string> Headers { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>How the worker says who it is. Default: it does not.</summary>
    public HttpAuthOptions Auth { get; set; } = new();

    /// <summary>Which certificates count. Default: those of the machine.</summary>
    public HttpTlsOptions Tls { get; set; } = new();

    /// <summary>How the service gives its answer. Default <see cref="HttpMode.Sync"/>.</summary>
    public HttpMode Mode { get; set; }

    /// <summary>The request that brings the job there. Default <c>POST</c> of the payload to the base address.</summary>
    public HttpCallOptions Submit { get; set; } = new() { Method = "POST", Body = "\"{{payload}}\"" };

    /// <summary>The request that asks about a job, of <see cref="HttpMode.Async"/>; not needed where <see cref="Submit"/> names <c>{{callback}}</c>. Default none.</summary>
    public HttpCallOptions? Poll { get; set; }

    /// <summary>The request that stops a job, of <see cref="HttpMode.Async"/>. Default none: it runs on, and its result is dropped.</summary>
    public HttpCallOptions? Cancel { get; set; }

    /// <summary>
    /// A question that begins no work and is answered with success where the service works, credentials included: asked before the first job
    /// and again each minute. Default none: the service is believed to work.
    /// </summary>
    public HttpCallOptions? Health { get; set; }

    /// <summary>The service's own id of a job in the answer to <see cref="Submit"/>; <c>{{id}}</c> in templates. Default none.</summary>
    public string? Id { get; set; }

    /// <summary>A job's state in the answer to <see cref="Poll"/>. Default <c>$.status</c>.</summary>
    public string State { get; set; } = "$.status";

    /// <summary>What the values of <see cref="State"/> mean; one that is not named means that the job runs. Compared without regard to case.</summary>
    public HttpStateOptions States { get; set; } = new();

    /// <summary>Progress, 0 to 100, or 0 to 1 where <see cref="ProgressIsShare"/>. Default none.</summary>
    public string? Progress { get; set; }

    /// <summary>Whether progress is given from 0 to 1. Default false.</summary>
    public bool ProgressIsShare { get; set; }

    /// <summary>What the service says of its work, for people. Default none.</summary>
    public string? Message { get; set; }

    /// <summary>What went wrong, in the answer about a job that failed. Default: the forms of known services are recognised.</summary>
    public string? Error { get; set; }

    /// <summary>The job's result in the answer. Default <c>$</c>, all of it.</summary>
    public string Result { get; set; } = "$";

    /// <summary>Files in the answer; they become outputs, and stand as their names in the result. Default none.</summary>
    public IList<HttpFileOptions> Files { get; } = [];

    /// <summary>How a stream is read, of <see cref="HttpMode.Stream"/>.</summary>
    public HttpStreamOptions Stream { get; set; } = new();

    /// <summary>
    /// Whether a job may be posted again when nobody can say what became of it, since doing it twice harms nobody. Default false: it then fails,
    /// unless it is submitted as <c>idempotent</c>.
    /// </summary>
    public bool SafeToRepeat { get; set; }

    /// <summary>Between two questions for a running job's state. Default 1 s; 10 ms to 1 min.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait for the answer to a question. Default 30 s; 100 ms to 5 min.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest wait until a post has left, and with <see cref="HttpMode.Async"/> until it is answered. Default 10 s; 100 ms to 5 min. Half of the worker's lease cuts it short.</summary>
    public TimeSpan SubmitTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest attempt where the job names none. Default 10 min; 1 s to 30 days.</summary>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>The longest time without progress where the job names none; from 1 s. Default none.</summary>
    public TimeSpan? StallTimeout { get; set; }

    /// <summary>How long questions may fail before the attempt gives up watching and leaves the rest to the grid. Default 15 s; 0 to 10 min.</summary>
    public TimeSpan Outage { get; set; } = TimeSpan.FromSeconds(15);
}

/// <summary>How a service gives its answer.</summary>
public enum HttpMode
{
    /// <summary>The answer to the post is the result: the work lives as long as the request.</summary>
    Sync,

    /// <summary>The post is answered at once, and the job is asked about.</summary>
    Async,

    /// <summary>The answer to the post comes in pieces, server-sent events or lines of JSON.</summary>
    Stream,
}

/// <summary>A request.</summary>
public sealed class HttpCallOptions
{
    /// <summary>Its method. Default <c>GET</c>, of a submission <c>POST</c>.</summary>
    public string Method { get; set; } = "GET";

    /// <summary>Relative to the instance's address; a template. Default the address itself.</summary>
    public string Path { get; set; } = "";

    /// <summary>JSON; a template. Default none.</summary>
    public string? Body { get; set; }
}

/// <summary>How the worker says who it is. Give secrets by environment variables rather than files.</summary>
public sealed class HttpAuthOptions
{
    /// <summary>Default <see cref="HttpAuthKind.None"/>.</summary>
    public HttpAuthKind Kind { get; set; }

    /// <summary>The token, password or key.</summary>
    public string Value { get; set; } = "";

    /// <summary>The user of <see cref="HttpAuthKind.Basic"/>; the name of the header or the parameter of the query.</summary>
    public string Name { get; set; } = "";
}

/// <summary>Kinds of authentication.</summary>
public enum HttpAuthKind
{
    /// <summary>None.</summary>
    None,

    /// <summary><c>Authorization: Bearer VALUE</c>.</summary>
    Bearer,

    /// <summary><c>Authorization: Basic</c> of name and value.</summary>
    Basic,

    /// <summary>A header of that name.</summary>
    Header,

    /// <summary>A parameter of the query of that name.</summary>
    Query,
}

/// <summary>Which certificates count.</summary>
public sealed class HttpTlsOptions
{
    /// <summary>A file of certificates (PEM) that alone are trusted. Default none: those of the machine.</summary>
    public string? CaFile { get; set; }

    /// <summary>The worker's own certificate (PEM). Default none.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>The key of <see cref="CertificateFile"/> (PEM). Default: it lies in that file.</summary>
    public string? KeyFile { get; set; }
}

/// <summary>What the values of a state mean.</summary>
public sealed class HttpStateOptions
{
    /// <summary>It waits. Default <c>queued</c>, <c>pending</c>, <c>starting</c>.</summary>
    public IList<string> Queued { get; } = [];

    /// <summary>It is done. Default <c>completed</c>, <c>succeeded</c>, <c>success</c>, <c>done</c>, <c>ready</c>, <c>finished</c>.</summary>
    public IList<string> Completed { get; } = [];

    /// <summary>It failed. Default <c>failed</c>, <c>error</c>, <c>failure</c>.</summary>
    public IList<string> Failed { get; } = [];

    /// <summary>It was stopped. Default <c>cancelled</c>, <c>canceled</c>, <c>aborted</c>.</summary>
    public IList<string> Cancelled { get; } = [];
}

/// <summary>Files in an answer.</summary>
public sealed class HttpFileOptions
{
    /// <summary>JSONPath of the files; each value found is one.</summary>
    public string Path { get; set; } = "";

    /// <summary>What the values are. Default <see cref="HttpFileKind.Base64"/>.</summary>
    public HttpFileKind As { get; set; }

    /// <summary>Their name, with <c>{n}</c> for the number, from 1. Default <c>output-{n}.bin</c>.</summary>
    public string Name { get; set; } = "output-{n}.bin";
}

/// <summary>What a value is that stands for a file.</summary>
public enum HttpFileKind
{
    /// <summary>Its bytes, also as a <c>data:</c> address.</summary>
    Base64,

    /// <summary>Its address, at the instance itself or, with https, elsewhere. Credentials go to the instance alone.</summary>
    Url,

    /// <summary>Its text.</summary>
    Text,
}

/// <summary>How a stream is read.</summary>
public sealed class HttpStreamOptions
{
    /// <summary>Default <see cref="HttpStreamFormat.Sse"/>.</summary>
    public HttpStreamFormat Format { get; set; }

    /// <summary>The piece of text in each event, which are joined to the result's text. Default none: the result is the last event's.</summary>
    public string? Text { get; set; }

    /// <summary>An event of just this text ends the stream. Default <c>[DONE]</c>.</summary>
    public string End { get; set; } = "[DONE]";

    /// <summary>What is true in the last event, by JSONPath. Default none.</summary>
    public string? IsLast { get; set; }

    /// <summary>What is there in an event that tells of a failure, by JSONPath. Default <c>$.error</c>.</summary>
    public string Failed { get; set; } = "$.error";
}

/// <summary>The form of a stream.</summary>
public enum HttpStreamFormat
{
    /// <summary>Server-sent events.</summary>
    Sse,

    /// <summary>A JSON value a line.</summary>
    NdJson,
}
