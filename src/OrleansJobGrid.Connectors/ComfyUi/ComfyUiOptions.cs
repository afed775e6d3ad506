namespace OrleansJobGrid.Connectors.ComfyUi;

/// <summary>ComfyUI servers of the worker (<c>JobGrid:ComfyUi</c>); see <c>docs/comfyui.md</c>. Without instances the service is not offered.</summary>
public sealed class ComfyUiOptions
{
    /// <summary>
    /// Base addresses (<c>http</c> or <c>https</c>) by the instance's name, 1 to 64 of <c>A-Za-z0-9._-</c>. In the grid an instance is
    /// <c>comfyui/name</c>, which has to mean the same one on every worker. Default none.
    /// </summary>
    public IDictionary<string, string> Instances { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Names of the instances that live on the worker's machine, and are gone with it. Default none.</summary>
    public IList<string> OnThisMachine { get; } = [];

    /// <summary>
    /// Headers by instance and name, such as <c>a:Authorization</c> for a server behind a proxy that asks for it. Values are in no log, event or
    /// error. Default none.
    /// </summary>
    public IDictionary<string, IDictionary<string, string>> Headers { get; } = new Dictionary<string, IDictionary<string, string>>(StringComparer.Ordinal);

    /// <summary>Instances on the worker's machine that it starts and keeps running. Default none.</summary>
    public IDictionary<string, ComfySuperviseOptions> Supervise { get; } = new Dictionary<string, ComfySuperviseOptions>(StringComparer.Ordinal);

    /// <summary>Where the supervised ones' output goes, absolute. Default <c>comfyui</c> in the data folder.</summary>
    public string WorkFolder { get; set; } = "";

    /// <summary>
    /// Between two questions for a running prompt's state. What its WebSocket tells of the end is acted on at once; this is for what it does not
    /// tell. Default 2 s; 10 ms to 1 min.
    /// </summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The longest wait for the answer to a question: ComfyUI does not answer while a node loads a model. Default 30 s; 100 ms to 5 min.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest wait for the answer to a post. Default 10 s; 100 ms to 5 min. Half of the worker's lease cuts it short.</summary>
    public TimeSpan SubmitTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest attempt where the job names none. Default 1 h; 1 s to 30 days.</summary>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromHours(1);

    /// <summary>The longest time without progress where the job names none; from 1 s. Default none: nodes load models for minutes without a word.</summary>
    public TimeSpan? StallTimeout { get; set; }

    /// <summary>How long questions may fail before the attempt gives up watching and leaves the rest to the grid. Default 30 s; 0 to 10 min.</summary>
    public TimeSpan Outage { get; set; } = TimeSpan.FromSeconds(30);
}
