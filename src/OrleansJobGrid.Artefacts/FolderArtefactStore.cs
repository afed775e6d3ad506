using System.Buffers;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace OrleansJobGrid.Artefacts;

/// <summary>
/// Artefacts in a folder, local or shared between the machines of a grid. Several processes may use one folder at the same time.
/// </summary>
/// <remarks>
/// A file is written beside (<c>tmp/</c>), flushed, then linked to its name, and the folders above it are flushed: a name that can be
/// seen has all its bytes, also after a power cut. A link never replaces, so that two writers of one id cannot both win.
/// The file system must support hard links (not on Windows).
/// </remarks>
public sealed class FolderArtefactStore : IArtefactStore
{
    private const string Temporary = "tmp";
    private const string FolderIdFile = "folder-id";
    private const string LinkKeyFile = "link-key";
    private const int LinkKeyBytes = 32;
    private const int BufferBytes = 128 * 1024;
    private static readonly TimeSpan TemporaryFilesKept = TimeSpan.FromDays(1);

    // A folder that is removed meanwhile is no fault.
    private static readonly EnumerationOptions Everything = new() { RecurseSubdirectories = true, IgnoreInaccessible = false, AttributesToSkip = 0 };

    private readonly string _root;
    private readonly string _temporary;
    private readonly TimeProvider _time;

    private FolderArtefactStore(string root, TimeProvider time)
    {
        _root = root;
        _time = time;
        _temporary = Path.Combine(root, Temporary);
    }

    /// <inheritdoc/>
    public string Location => _root;

    /// <inheritdoc/>
    public string Id { get; private set; } = "";

    /// <summary>Opens the folder, creating it where it is missing, and removes temporary files older than a day.</summary>
    /// <param name="folder">Its path.</param>
    /// <param name="time">The clock that tells a file's age; default the system's.</param>
    /// <exception cref="IOException">The folder cannot be written, or its file system has no hard links.</exception>
    /// <exception cref="InvalidDataException">The file <c>folder-id</c> is damaged.</exception>
    public static FolderArtefactStore Open(string folder, TimeProvider? time = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        var store = new FolderArtefactStore(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)), time ?? TimeProvider.System);
        // Only a folder made here needs its parent flushed, which an account may enter without being allowed to read it.
        var parent = Directory.Exists(store._root) ? null : Path.GetDirectoryName(store._root);
        Directory.CreateDirectory(store._temporary);
        DurableFolder.Sync(store._temporary, parent ?? store._root);
        store.SweepTemporaryFiles(store._time.GetUtcNow() - TemporaryFilesKept);
        store.Id = store.ReadOrMakeFolderId();
        return store;
    }

    /// <inheritdoc/>
    public async Task<ArtefactInfo> UploadAsync(Stream content, long maxBytes, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentOutOfRangeException.ThrowIfNegative(maxBytes);
        var temporary = NewTemporary();
        try
        {
            var (sha256, size) = await SpoolAsync(content, temporary, maxBytes, cancellationToken);
            if (!await PublishAsync(temporary, ArtefactPath.OfUpload(sha256), sha256, cancellationToken))
                throw new InvalidDataException($"The stored upload '{sha256}' in '{_root}' no longer has the bytes of its name: the folder is damaged.");
            return new ArtefactInfo(ArtefactPath.UploadId(sha256), sha256, size);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <inheritdoc/>
    public async Task<ArtefactInfo> WriteOnceAsync(string artefactId, Stream content, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        var path = ArtefactPath.OfWritten(artefactId);
        var temporary = NewTemporary();
        try
        {
            var (sha256, size) = await SpoolAsync(content, temporary, long.MaxValue, cancellationToken);
            if (!await PublishAsync(temporary, path, sha256, cancellationToken))
                throw new ArtefactExistsException(artefactId);
            return new ArtefactInfo(artefactId, sha256, size);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <inheritdoc/>
    public Task<Stream?> OpenReadAsync(string artefactId, CancellationToken cancellationToken)
    {
        var path = FullPath(ArtefactPath.Of(artefactId));
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return Task.FromResult<Stream?>(OpenFile(path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return Task.FromResult<Stream?>(null);
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> ListScratchAsync(string jobId, CancellationToken cancellationToken)
    {
        var folder = FullPath([ArtefactPath.Scratch, ArtefactPath.JobFolder(jobId)]);
        return Task.Run<IReadOnlyList<string>>(
            () => Directory.Exists(folder)
                ? [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(f => $"{ArtefactPath.Scratch}/{jobId}/{Path.GetFileName(Path.GetDirectoryName(f))}/{Path.GetFileName(f)}")]
                : [],
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task DeleteScratchAsync(string jobId, CancellationToken cancellationToken)
    {
        var folder = FullPath([ArtefactPath.Scratch, ArtefactPath.JobFolder(jobId)]);
        // Most jobs have none, and an exception for each of them would cost more than the rest of their report.
        return Directory.Exists(folder) ? Task.Run(() => DeleteTree(folder), cancellationToken) : Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task DeleteJobAsync(string jobId, CancellationToken cancellationToken)
    {
        var outputs = FullPath([ArtefactPath.Jobs, ArtefactPath.JobFolder(jobId)]);
        var scratch = FullPath([ArtefactPath.Scratch, ArtefactPath.JobFolder(jobId)]);
        return Task.Run(() =>
        {
            DeleteTree(scratch);
            DeleteTree(outputs);
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task TouchAsync(string uploadId, CancellationToken cancellationToken)
    {
        Touch(FullPath(ArtefactPath.OfUploadId(uploadId)));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredArtefact> ListAllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var top in (string[])[ArtefactPath.Uploads, ArtefactPath.Jobs, ArtefactPath.Scratch, Temporary])
        {
            var folder = new DirectoryInfo(Path.Combine(_root, top));
            if (!folder.Exists)
                continue;
            using var files = folder.EnumerateFiles("*", Everything).GetEnumerator();
            // A folder on the network may be slow; nobody's thread is held for the whole of it.
            while (await Task.Run(files.MoveNext, cancellationToken))
            {
                var key = Path.GetRelativePath(_root, files.Current.FullName).Replace(Path.DirectorySeparatorChar, '/');
                if (Described(key, files.Current) is { } stored)
                    yield return stored;
            }
        }
    }

    /// <inheritdoc/>
    public Task<bool> DeleteOldAsync(StoredArtefact artefact, DateTimeOffset before, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(artefact);
        var file = new FileInfo(FullPath(artefact.Key.Split('/')));
        return Task.Run(() =>
        {
            if (!file.Exists || file.LastWriteTimeUtc >= before.UtcDateTime)
                return false;
            file.Delete();
            if (artefact.Kind is StoredKind.Output or StoredKind.Scratch)
                DeleteEmpty(file.Directory!);
            return true;
        }, cancellationToken);
    }

    private StoredArtefact? Described(string key, FileInfo file)
    {
        try
        {
            return ArtefactPath.Describe(key, file.LastWriteTimeUtc, file.Length);
        }
        catch (FileNotFoundException)
        {
            return null; // Removed just now.
        }
    }

    /// <summary>The folders of an attempt and its job, where nothing is left in them.</summary>
    private void DeleteEmpty(DirectoryInfo attempt)
    {
        foreach (var folder in (DirectoryInfo[])[attempt, attempt.Parent!])
        {
            try
            {
                folder.Delete();
            }
            catch (IOException)
            {
                return; // Something is in it.
            }
        }

        DurableFolder.Sync(attempt.Parent!.Parent!.FullName, _root);
    }

    private void Touch(string path)
    {
        try
        {
            File.SetLastWriteTimeUtc(path, _time.GetUtcNow().UtcDateTime);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // The job that names it will be told.
        }
    }

    private string FullPath(string[] parts) => Path.Combine([_root, .. parts]);

    private string NewTemporary() => Path.Combine(_temporary, $"{Environment.ProcessId}-{Guid.NewGuid():N}");

    private static FileStream OpenFile(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous);

    private static async Task<(string Sha256, long Size)> SpoolAsync(
        Stream content, string temporary, long maxBytes, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            await using var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
            long size = 0;
            int read;
            while ((read = await content.ReadAsync(buffer, cancellationToken)) > 0)
            {
                size += read;
                if (size > maxBytes)
                    throw new ArtefactTooLargeException(maxBytes);
                hash.AppendData(buffer, 0, read);
                await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            }
            // The flush blocks for milliseconds; a caller may be on a scheduler of its own.
            await Task.Run(() => file.Flush(flushToDisk: true), cancellationToken);
            return (Convert.ToHexStringLower(hash.GetHashAndReset()), size);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>True where the name now holds these bytes, durably; false where it holds others.</summary>
    private Task<bool> PublishAsync(string temporary, string[] path, string sha256, CancellationToken cancellationToken)
    {
        var final = FullPath(path);
        return Task.Run(async () =>
        {
            var folder = Path.GetDirectoryName(final)!;
            Directory.CreateDirectory(folder);
            var same = DurableFolder.TryPublish(temporary, final) || await HashAsync(final, cancellationToken) == sha256;
            if (same)
            {
                // What lay there before is in use from now on.
                Touch(final);
                // Also where another writer came first: it may not have flushed the folder yet, and this call promises durability.
                DurableFolder.Sync(folder, _root);
            }

            return same;
        }, cancellationToken);
    }

    private static async Task<string> HashAsync(string path, CancellationToken cancellationToken)
    {
        await using var file = OpenFile(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken));
    }

    private void DeleteTree(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            return; // Gone already, or another process removed it just now: that is what was asked for.
        }
        DurableFolder.Sync(Path.GetDirectoryName(folder)!, _root);
    }

    private void SweepTemporaryFiles(DateTimeOffset before)
    {
        foreach (var file in new DirectoryInfo(_temporary).EnumerateFiles())
        {
            if (file.LastWriteTimeUtc < before.UtcDateTime)
                file.Delete();
        }
    }

    /// <summary>
    /// What the gateways of a grid sign links with, 32 bytes, made at random by the first that asks and kept in the folder, where only the
    /// grid's own account reads it.
    /// </summary>
    /// <exception cref="InvalidDataException">The file <c>link-key</c> is damaged.</exception>
    public byte[] ReadOrMakeLinkKey()
    {
        var text = ReadOrMake(LinkKeyFile, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(LinkKeyBytes)), isSecret: true);
        return text.Length == 2 * LinkKeyBytes && text.All(char.IsAsciiHexDigitLower)
            ? Convert.FromHexString(text)
            : throw new InvalidDataException($"'{Path.Combine(_root, LinkKeyFile)}' does not hold a key of {2 * LinkKeyBytes} hex digits. Remove it: a new one is made, and links given out before are void.");
    }

    private string ReadOrMakeFolderId()
    {
        var id = ReadOrMake(FolderIdFile, Guid.NewGuid().ToString("N"), isSecret: false);
        return Guid.TryParseExact(id, "N", out _)
            ? id
            : throw new InvalidDataException($"'{Path.Combine(_root, FolderIdFile)}' does not hold an id of 32 hex digits. Restore it from a backup of the folder.");
    }

    /// <summary>The text of a file, which the first of several processes writes.</summary>
    private string ReadOrMake(string name, string proposal, bool isSecret)
    {
        var path = Path.Combine(_root, name);
        if (!File.Exists(path))
        {
            var temporary = NewTemporary();
            try
            {
                using (var file = new FileStream(temporary, Created(isSecret)))
                {
                    file.Write(System.Text.Encoding.ASCII.GetBytes(proposal));
                    file.Flush(flushToDisk: true);
                }
                DurableFolder.TryPublish(temporary, path);
            }
            finally
            {
                File.Delete(temporary);
            }
        }
        DurableFolder.Sync(_root, _root);
        return File.ReadAllText(path);
    }

    private static FileStreamOptions Created(bool isSecret)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (isSecret && !OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }
}
