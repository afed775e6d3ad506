using OrleansJobGrid.Connectors.Http;

namespace OrleansJobGrid.Connectors.WebSockets;

/// <summary>
/// One service outside (<c>JobGrid:WebSocket:Services:NAME</c>). Each job has a connection of its own. What is sent are templates
/// (<see cref="HttpTemplate"/>); what is read from messages is named by JSONPath.
/// </summary>
public sealed class WebSocketServiceOptions
{
    /// <summary>
    /// Addresses (<c>ws</c> or <c>wss</c>) by the instance's name, 1 to 64 of <c>A-Za-z0-9._-</c>. In the grid an instance is
    /// <c>service/name</c>, which has to mean the same one on every worker. At least one.
    /// </summary>
    public IDictionary<string, string> Instances { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Names of the instances that live on the worker's machine, and are gone with it. Default none.</summary>
    public IList<string> OnThisMachine { get; } = [];

    /// <summary>Sent with each connection; values are in no log, event or error. Default none.</summary>
    public IDictionary<string, string> Headers { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>How the worker says who it is. Default: it does not.</summary>
    public HttpAuthOptions Auth { get; set; } = new();

    /// <summary>Which certificates count. Default: those of the machine.</summary>
    public HttpTlsOptions Tls { get; set; } = new();

    /// <summary>Where jobs are sent, relative to the instance's address; a template that knows <c>{{mark}}</c>. Default the address itself.</summary>
    public string Path { get; set; } = "";

    /// <summary>Where <see cref="Query"/> and the <see cref="Cancel"/> of another worker are sent; as <see cref="Path"/>, and knows <c>{{id}}</c> too. Default <see cref="Path"/>.</summary>
    public string? QuestionPath { get; set; }

    /// <summary>What is said on each connection before anything else. Default nothing.</summary>
    public WebSocketHandshakeOptions Handshake { get; set; } = new();

    /// <summary>The message that brings the job there, JSON; a template. Default the payload.</summary>
    public string Submit { get; set; } = "\"{{payload}}\"";

    /// <summary>
    /// The message that asks what became of a job, JSON; a template that knows <c>{{mark}}</c> and <c>{{id}}</c>. Asked on another connection than the
    /// job's, also by another worker. Default none: with the connection the job is lost.
    /// </summary>
    public string? Query { get; set; }

    /// <summary>The message that stops a job, JSON; a template as <see cref="Query"/>. The service has to say that it ended. Default none: it runs on, and its result is dropped.</summary>
    public string? Cancel { get; set; }

    /// <summary>The answer to a message of <see cref="WebSocketTypeOptions.Ping"/>, JSON; a template in which <c>{{payload}}</c> is that message. Default none.</summary>
    public string? Pong { get; set; }

    /// <summary>A message's type. Default <c>$.type</c>.</summary>
    public string Type { get; set; } = "$.type";

    /// <summary>What the values of <see cref="Type"/> mean. Compared without regard to case.</summary>
    public WebSocketTypeOptions Types { get; set; } = new();

    /// <summary>
    /// The job that a message is about: <c>{{mark}}</c>, or the service's own id of <see cref="Id"/>. A message about another one is not heard; one
    /// that names none is about the connection's job. Default none: all that comes is about the connection's job.
    /// </summary>
    public string? Job { get; set; }

    /// <summary>The service's own id of a job in the message that says that it is taken; <c>{{id}}</c> in templates. Default none.</summary>
    public string? Id { get; set; }

    /// <summary>Progress, 0 to 100, or 0 to 1 where <see cref="ProgressIsShare"/>. Default none.</summary>
    public string? Progress { get; set; }

    /// <summary>Whether progress is given from 0 to 1. Default false.</summary>
    public bool ProgressIsShare { get; set; }

    /// <summary>What the service says of its work, for people. Default none.</summary>
    public string? Message { get; set; }

    /// <summary>What went wrong, in the message about a job that failed. Default: the forms of known services are recognised.</summary>
    public string? Error { get; set; }

    /// <summary>The job's result in the message that says that it is done. Default <c>$</c>, all of it.</summary>
    public string Result { get; set; } = "$";

    /// <summary>Files in the message that says that the job is done; they become outputs, and stand as their names in the result. Default none.</summary>
    public IList<HttpFileOptions> Files { get; } = [];

    /// <summary>What becomes of binary messages. Default <see cref="WebSocketBinary.Ignore"/>.</summary>
    public WebSocketBinary Binary { get; set; }

    /// <summary>The name of a binary message as an output, with <c>{n}</c> for the number, from 1. Default <c>binary-{n}.bin</c>.</summary>
    public string BinaryName { get; set; } = "binary-{n}.bin";

    /// <summary>The longest message, and the most of a job's binary messages together, MB of 1,048,576 bytes. Default 64; 1 to 512.</summary>
    public int MaxMessageMb { get; set; } = 64;

    /// <summary>
    /// Between two pings of the protocol; a connection on which none is answered for as long again is lost. By the machine's clock. Default 20 s; 1 s to
    /// 10 min; 0: none, for services that do not answer them.
    /// </summary>
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Whether a job may be sent again when nobody can say what became of it, since doing it twice harms nobody. Default false: it then fails,
    /// unless it is submitted as <c>idempotent</c>.
    /// </summary>
    public bool SafeToRepeat { get; set; }

    /// <summary>Between two questions about a job whose connection was lost. Default 1 s; 10 ms to 1 min.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait for a connection with its handshake, and for the answer to a question. Default 30 s; 100 ms to 5 min.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest wait until a job is sent, and where <see cref="WebSocketTypeOptions.Accepted"/> is given until it is taken, connecting included. Default 10 s; 100 ms to 5 min. Half of the worker's lease cuts it short.</summary>
    public TimeSpan SubmitTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest attempt where the job names none. Default 10 min; 1 s to 30 days.</summary>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>The longest time without progress where the job names none; from 1 s. Default none.</summary>
    public TimeSpan? StallTimeout { get; set; }

    /// <summary>How long questions may fail before the attempt gives up watching and leaves the rest to the grid. Default 15 s; 0 to 10 min.</summary>
    public TimeSpan Outage { get; set; } = TimeSpan.FromSeconds(15);
}

/// <summary>What is said on a connection before anything else.</summary>
public sealed class WebSocketHandshakeOptions
{
    /// <summary>What the worker says, JSON; a template that knows <c>{{secret}}</c>. Default nothing.</summary>
    public string? Message { get; set; }

    /// <summary>The token for <see cref="Message"/>. Give it by an environment variable rather than a file.</summary>
    public string Secret { get; set; } = "";

    /// <summary>What is there, by JSONPath, in the message that says that the service is ready; it is waited for. Default none: nothing is waited for.</summary>
    public string? Ready { get; set; }

    /// <summary>The value at <see cref="Ready"/>. Default: any.</summary>
    public string? Value { get; set; }
}

/// <summary>What the types of messages mean. A type that is not named is not heard, and told as the job's message, for people.</summary>
public sealed class WebSocketTypeOptions
{
    /// <summary>The job is taken, and waits; it is waited for after <see cref="WebSocketServiceOptions.Submit"/>. Default none: what was sent is taken.</summary>
    public IList<string> Accepted { get; } = [];

    /// <summary>It runs. Default <c>progress</c>, <c>running</c>.</summary>
    public IList<string> Progress { get; } = [];

    /// <summary>It is done. Default <c>completed</c>, <c>result</c>.</summary>
    public IList<string> Completed { get; } = [];

    /// <summary>It failed. Default <c>failed</c>, <c>error</c>.</summary>
    public IList<string> Failed { get; } = [];

    /// <summary>It is not done, since it is wrong: read as an HTTP answer 422. Default <c>refused</c>, <c>rejected</c>.</summary>
    public IList<string> Refused { get; } = [];

    /// <summary>It was stopped. Default <c>cancelled</c>, <c>canceled</c>.</summary>
    public IList<string> Cancelled { get; } = [];

    /// <summary>The service does not know it. Default <c>unknown</c>, <c>not_found</c>.</summary>
    public IList<string> Unknown { get; } = [];

    /// <summary>To be answered with <see cref="WebSocketServiceOptions.Pong"/>. Default <c>ping</c>.</summary>
    public IList<string> Ping { get; } = [];

    /// <summary>Says nothing of the job. Default none.</summary>
    public IList<string> Ignored { get; } = [];
}

/// <summary>What becomes of binary messages.</summary>
public enum WebSocketBinary
{
    /// <summary>They are not kept.</summary>
    Ignore,

    /// <summary>Those that come before the job is done are its outputs; there has to be one on the connection that says that it is done.</summary>
    Output,
}
