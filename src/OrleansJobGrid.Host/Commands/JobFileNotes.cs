namespace OrleansJobGrid.Host.Commands;

/// <summary>What a job file is, for the help of the commands that read one.</summary>
internal static class JobFileNotes
{
    public const string Text = """
        A job file is JSON: one job, an array of jobs, or {"jobs": [...]}. For example:
          {"service_required": "imaging",
           "payload": {"operation": "resize", "inputs": ["photo.png"], "width": 320, "output": "small.png"}}
        Files in the payload (imaging: inputs[]; process: the values of inputs{}) are read from the job file's folder and
        uploaded. To name what the grid has already, write "sha256-HEX" for an upload or "artefact:ID" for any artefact.
        """;
}
