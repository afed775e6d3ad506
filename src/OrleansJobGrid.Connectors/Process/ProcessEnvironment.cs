using System.Globalization;

namespace OrleansJobGrid.Connectors.Processes;

/// <summary>The environment of a child: PATH, HOME and LANG of the worker and what was allowed, nothing else.</summary>
internal static class ProcessEnvironment
{
    internal static List<string> Of(IJobContext context, ProcessPayload payload, ProcessCommand command, string? device, string mark)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = Inherited("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ["HOME"] = Inherited("HOME", "/"),
            ["LANG"] = Inherited("LANG", "C.UTF-8"),
        };
        foreach (var (name, value) in command.Env)
            variables[name] = value;
        foreach (var (name, value) in payload.Env)
            variables[name] = value;
        // Last, so that neither settings nor job put another device or another run's mark in.
        if (!string.IsNullOrEmpty(device))
            variables["CUDA_VISIBLE_DEVICES"] = device;
        variables["JOBGRID_JOB_ID"] = context.JobId;
        variables["JOBGRID_EPOCH"] = context.Epoch.ToString(CultureInfo.InvariantCulture);
        variables["JOBGRID_ATTEMPT"] = context.Attempt.ToString(CultureInfo.InvariantCulture);
        variables[RunRecord.MarkVariable] = mark;
        return [.. variables.Select(v => $"{v.Key}={v.Value}")];
    }

    private static string Inherited(string name, string otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : otherwise;
}
