using System.Text.Json.Nodes;
using OrleansJobGrid.Client;

namespace OrleansJobGrid.Host.JobFiles;

/// <summary>A job file, read and checked.</summary>
/// <param name="Path">The file, as the user named it.</param>
/// <param name="Jobs">Its jobs, at least one.</param>
internal sealed record JobFile(string Path, IReadOnlyList<JobFileEntry> Jobs);

/// <summary>A job of a job file.</summary>
/// <param name="Submission">The job; its payload still names files of this machine.</param>
/// <param name="Files">Those files.</param>
internal sealed record JobFileEntry(JobSubmission Submission, IReadOnlyList<PayloadFile> Files);

/// <summary>A file that a payload names.</summary>
/// <param name="FullPath">Where it lies.</param>
/// <param name="Owner">The array or object that names it.</param>
/// <param name="Key">Its place there: an index or a name.</param>
internal sealed record PayloadFile(string FullPath, JsonNode Owner, object Key)
{
    /// <summary>Puts the artefact's id in the place of the path.</summary>
    public void Replace(string artefact)
    {
        if (Key is int index)
            Owner[index] = artefact;
        else
            Owner[(string)Key] = artefact;
    }
}

/// <summary>A job file that cannot be used; each error names the file, the field and the mend.</summary>
internal sealed class JobFileException(IReadOnlyList<string> errors, Exception? inner = null) : Exception(string.Join(Environment.NewLine, errors), inner)
{
    public IReadOnlyList<string> Errors { get; } = errors;
}
