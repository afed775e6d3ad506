using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace OrleansJobGrid.Artefacts;

/// <summary>
/// An artefact id, checked, as the parts of a path below the store's folder:
/// <c>uploads/HE/HEX</c>, <c>jobs/JOB/EPOCH/NAME</c> or <c>scratch/JOB/EPOCH/NAME</c>.
/// </summary>
internal static class ArtefactPath
{
    internal const string Uploads = "uploads";
    internal const string Jobs = "jobs";
    internal const string Scratch = "scratch";

    private const string UploadPrefix = "sha256-";
    private const int MaxJobIdLength = 128;
    private const int MaxNameBytes = 200;

    /// <summary>A folder's name may have 255 bytes; what is left of 200 goes to the hash of an id that encodes to more.</summary>
    private const int MaxFolderNameLength = 200;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    // Characters that some file system refuses or reads as something else (a stream, a folder), refused on all so that a store can move.
    private static readonly SearchValues<char> ForbiddenInNames = SearchValues.Create(@"/\:*?""<>|");

    private static readonly SearchValues<char> LowercaseHex = SearchValues.Create("0123456789abcdef");

    private static readonly SearchValues<char> PlainInJobIds =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    internal static string UploadId(string sha256) => UploadPrefix + sha256;

    internal static string[] OfUpload(string sha256) => [Uploads, sha256[..2], sha256];

    /// <summary>The parts of an upload's id.</summary>
    internal static string[] OfUploadId(string uploadId)
    {
        ArgumentNullException.ThrowIfNull(uploadId);
        return uploadId.Contains('/', StringComparison.Ordinal) || !uploadId.StartsWith(UploadPrefix, StringComparison.Ordinal)
            ? throw Malformed(uploadId, "an upload is sha256-HEX")
            : Of(uploadId);
    }

    /// <summary>What lies at a place of the store; null: nothing that a store put there.</summary>
    internal static StoredArtefact? Describe(string key, DateTimeOffset lastUsed, long size) => key.Split('/') switch
    {
        [Uploads, _, { Length: 64 } hex] => new(StoredKind.Upload, key, UploadId(hex), lastUsed, size),
        [Jobs, var folder, _, _] => new(StoredKind.Output, key, JobOf(folder), lastUsed, size),
        [Scratch, var folder, _, _] => new(StoredKind.Scratch, key, JobOf(folder), lastUsed, size),
        ["tmp", _] => new(StoredKind.Unfinished, key, null, lastUsed, size),
        _ => null,
    };

    /// <summary>The job of a folder's name; null: the name is a shortened one.</summary>
    internal static string? JobOf(string folder) => folder.Contains('~', StringComparison.Ordinal) ? null : Uri.UnescapeDataString(folder);

    /// <summary>The parts of any valid id.</summary>
    internal static string[] Of(string artefactId)
    {
        ArgumentNullException.ThrowIfNull(artefactId);
        if (!artefactId.StartsWith(UploadPrefix, StringComparison.Ordinal) || artefactId.Contains('/', StringComparison.Ordinal))
            return OfWritten(artefactId);
        var hex = artefactId[UploadPrefix.Length..];
        if (hex.Length != 64 || hex.AsSpan().ContainsAnyExcept(LowercaseHex))
            throw Malformed(artefactId, "after 'sha256-' come 64 lowercase hex digits");
        return OfUpload(hex);
    }

    /// <summary>The parts of an output's or a scratch piece's id.</summary>
    internal static string[] OfWritten(string artefactId)
    {
        ArgumentNullException.ThrowIfNull(artefactId);
        var parts = artefactId.Split('/');
        return parts switch
        {
            [var job, var epoch, var name] => [Jobs, JobFolder(job, artefactId), Epoch(epoch, artefactId), Name(name, artefactId)],
            [Scratch, var job, var epoch, var name] => [Scratch, JobFolder(job, artefactId), Epoch(epoch, artefactId), Name(name, artefactId)],
            _ => throw Malformed(artefactId, "it is JOB/EPOCH/NAME, scratch/JOB/EPOCH/NAME or sha256-HEX"),
        };
    }

    /// <summary>The folder's name of a job: its id, percent-encoded.</summary>
    internal static string JobFolder(string jobId) => JobFolder(jobId, jobId);

    private static string JobFolder(string jobId, string artefactId)
    {
        if (jobId is null || jobId.Length is 0 or > MaxJobIdLength)
            throw Malformed(artefactId, $"the job id has 1 to {MaxJobIdLength} characters");
        if (jobId.AsSpan().ContainsAny('/', '\\') || jobId.Any(char.IsControl))
            throw Malformed(artefactId, "the job id has no slash, backslash or control character");

        // "." and ".." would be folders of their own meaning, and a leading dot hides the folder.
        var encoded = new StringBuilder(jobId.Length);
        foreach (var b in Utf8(jobId, artefactId))
        {
            if (PlainInJobIds.Contains((char)b) && !(b == '.' && encoded.Length == 0))
                encoded.Append((char)b);
            else
                encoded.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture));
        }
        if (encoded.Length <= MaxFolderNameLength)
            return encoded.ToString();
        // '~' stands in no encoded id, so a shortened one meets no other.
        return encoded.ToString(0, 100) + "~" + Convert.ToHexStringLower(SHA256.HashData(Utf8(jobId, artefactId)));
    }

    private static string Epoch(string epoch, string artefactId)
    {
        // Canonical digits only: one file has one id.
        var canonical = long.TryParse(epoch, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            && value.ToString(CultureInfo.InvariantCulture) == epoch;
        return canonical ? epoch : throw Malformed(artefactId, "the epoch is a whole number without leading zeros");
    }

    private static string Name(string name, string artefactId)
    {
        if (name.Length == 0 || Utf8(name, artefactId).Length > MaxNameBytes)
            throw Malformed(artefactId, $"the file name has 1 to {MaxNameBytes} bytes");
        if (name.AsSpan().ContainsAny(ForbiddenInNames) || name.Any(char.IsControl))
            throw Malformed(artefactId, @"the file name has no control character and none of / \ : * ? "" < > |");
        if (name[0] == ' ' || name[^1] is ' ' or '.')
            throw Malformed(artefactId, "the file name does not begin with a space or end with a space or a dot");
        return name;
    }

    private static byte[] Utf8(string text, string artefactId)
    {
        try
        {
            return StrictUtf8.GetBytes(text);
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException($"The artefact id '{artefactId}' is malformed: it is not valid Unicode.", nameof(artefactId), e);
        }
    }

    private static ArgumentException Malformed(string artefactId, string rule) =>
        new($"The artefact id '{artefactId}' is malformed: {rule}.", nameof(artefactId));
}
