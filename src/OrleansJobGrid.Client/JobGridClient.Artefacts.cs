using System.Net.Http.Headers;
using System.Security.Cryptography;

namespace OrleansJobGrid.Client;

public sealed partial class JobGridClient
{
    /// <summary>Uploads a file. The same bytes give the same artefact, so this may be called again at any time.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellationToken">Ends the upload; nothing is kept then.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="ArtefactCorruptException">The grid got other bytes than the file's.</exception>
    public async Task<ArtefactAnswer> UploadAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        string sha256;
        await using (var file = File.OpenRead(path))
            sha256 = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken));
        using var response = await _transport.SendAsync(() => Upload(path), cancellationToken);
        var answer = await _transport.ReadAsync(response, JobGridJson.Default.ArtefactAnswer, cancellationToken);
        return answer.Sha256 == sha256
            ? answer
            : throw new ArtefactCorruptException($"The grid kept {path} with the hash {answer.Sha256}, but the file has {sha256}.");
    }

    /// <summary>
    /// Downloads an artefact. The file appears under its name only when it is whole and its hash is right; one that is there is replaced.
    /// </summary>
    /// <param name="artefact">Its id.</param>
    /// <param name="path">Where to; missing folders are made.</param>
    /// <param name="sha256">The hash promised, lowercase hex; null: not checked.</param>
    /// <param name="cancellationToken">Ends the download; nothing is kept then.</param>
    /// <exception cref="ArtefactCorruptException">The bytes have another hash.</exception>
    public async Task DownloadAsync(string artefact, string path, string? sha256 = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(artefact);
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var target = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        var partial = $"{target}.{Guid.NewGuid():N}.part";
        try
        {
            for (var tries = 1; !await TryDownloadAsync(artefact, partial, sha256, tries, cancellationToken); tries++)
                await _transport.PauseAsync(tries, null, cancellationToken);
            File.Move(partial, target, overwrite: true);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    /// <summary>False: the connection broke in the middle and there is a try left.</summary>
    private async Task<bool> TryDownloadAsync(string artefact, string partial, string? sha256, int tries, CancellationToken cancellationToken)
    {
        var id = string.Join('/', artefact.Split('/').Select(Uri.EscapeDataString));
        using var response = await _transport.SendAsync(() => new HttpRequestMessage(HttpMethod.Get, $"api/artefacts/{id}"), cancellationToken);
        await using var file = new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16, useAsync: true);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[1 << 16];
        while (true)
        {
            int read;
            try
            {
                read = await body.ReadAsync(buffer, cancellationToken);
            }
            catch (Exception e) when (GridTransport.IsBroken(e, cancellationToken))
            {
                return tries > _transport.Options.Retries ? throw _transport.Unreachable(e) : false;
            }

            if (read == 0)
                break;
            hash.AppendData(buffer, 0, read);
            await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }

        var actual = Convert.ToHexStringLower(hash.GetHashAndReset());
        return sha256 is null || string.Equals(actual, sha256, StringComparison.OrdinalIgnoreCase)
            ? true
            : throw new ArtefactCorruptException($"The artefact '{artefact}' came with the hash {actual}, but {sha256} was promised. Nothing was kept.");
    }

    private static HttpRequestMessage Upload(string path)
    {
        var content = new StreamContent(File.OpenRead(path)) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };
        return new HttpRequestMessage(HttpMethod.Post, "api/artefacts") { Content = content };
    }
}
