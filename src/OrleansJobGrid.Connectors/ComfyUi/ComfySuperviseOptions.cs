namespace OrleansJobGrid.Connectors.ComfyUi;

/// <summary>A ComfyUI that the worker starts, and starts again when it ends or its device is lost: <c>JobGrid:ComfyUi:Supervise:INSTANCE</c>. Linux.</summary>
public sealed class ComfySuperviseOptions
{
    /// <summary>The program, an absolute path, such as ComfyUI's <c>venv/bin/python</c>. Required.</summary>
    public string Command { get; set; } = "";

    /// <summary>Its arguments, such as <c>main.py --port 8188</c>. Default none.</summary>
    public IList<string> Args { get; } = [];

    /// <summary>The folder that it runs in. Default the command's.</summary>
    public string? WorkingFolder { get; set; }

    /// <summary>Variables beside those of the worker. Default none.</summary>
    public IDictionary<string, string> Env { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>From SIGTERM to SIGKILL at a restart. Default 10 s; 0 to 5 min.</summary>
    public TimeSpan StopGrace { get; set; } = TimeSpan.FromSeconds(10);
}
