using Microsoft.Win32.SafeHandles;
using OrleansJobGrid.Connectors.Failures;
using OrleansJobGrid.Connectors.Native;

namespace OrleansJobGrid.Connectors.Processes;

/// <summary>The files that go into a run's working folder and come out of it.</summary>
internal static class RunFiles
{
    internal static async Task PlaceInputsAsync(
        IJobFiles files, IReadOnlyDictionary<string, string> inputs, string work, CancellationToken cancellationToken)
    {
        foreach (var (name, artefact) in inputs)
        {
            await using var source = await files.OpenInputAsync(artefact, cancellationToken);
            await using var target = new FileStream(Path.Combine(work, name), FileMode.CreateNew, FileAccess.Write, FileShare.None);
            await source.CopyToAsync(target, cancellationToken);
        }
    }

    /// <summary>Keeps each file, or says which one is not there or is not a plain file.</summary>
    internal static async Task<(IReadOnlyList<JobOutput> Kept, ConnectorResult? Failure)> KeepOutputsAsync(
        IJobFiles files, IReadOnlyList<string> names, string work, CancellationToken cancellationToken)
    {
        // All are looked at before one is kept.
        foreach (var name in names)
        {
            var path = Path.Combine(work, name);
            if (!Path.Exists(path) && new FileInfo(path).LinkTarget is null)
            {
                return ([], Unfit(FailureReason.MissingOutput,
                    $"payload.outputs: the command ended well but left no file '{name}' in its working folder."));
            }
            using var file = OpenPlain(path);
            if (file is null)
            {
                return ([], Unfit("invalid_output",
                    $"payload.outputs: '{name}' is a folder, a link or something else that is not a plain file."));
            }
        }
        var kept = new List<JobOutput>();
        foreach (var name in names)
        {
            await using var file = OpenPlain(Path.Combine(work, name))!;
            kept.Add(await files.WriteOutputAsync(name, file, cancellationToken));
        }
        return (kept, null);
    }

    private static ConnectorResult Unfit(string reason, string message) => ConnectorResult.Failed(new FailureEvidence
    {
        Message = message,
        KnownClass = FailureClass.Malformed,
        KnownType = FailureType.ResponseError,
        KnownReason = reason,
        Stage = "fetch",
    });

    /// <summary>Opens a plain file, following no link and waiting at no pipe; null for anything else.</summary>
    private static FileStream? OpenPlain(string path)
    {
        if (Directory.Exists(path))
            return null;
        var descriptor = Libc.Open(path, Libc.ReadOnly | Libc.NoFollow | Libc.NonBlocking | Libc.CloseOnExec);
        if (descriptor < 0)
            return null;
        var stream = new FileStream(new SafeFileHandle(descriptor, ownsHandle: true), FileAccess.Read, bufferSize: 0);
        if (stream.CanSeek)
            return stream;
        stream.Dispose();
        return null;
    }
}
