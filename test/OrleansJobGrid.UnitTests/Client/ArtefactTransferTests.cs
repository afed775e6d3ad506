using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using OrleansJobGrid.Client;
using Xunit;

namespace OrleansJobGrid.UnitTests.Client;

public sealed class ArtefactTransferTests : IDisposable
{
    private static readonly byte[] Bytes = [.. Enumerable.Range(0, 200_000).Select(i => (byte)(i * 31))];
    private static readonly string Hash = Convert.ToHexStringLower(SHA256.HashData(Bytes));

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("jobgrid-client-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Upload_WhenKept_SendsTheBytesAndGivesTheId()
    {
        var path = WriteFile();
        await using var grid = await CannedGrid.StartAsync($$"""{"artefact":"sha256-{{Hash}}","sha256":"{{Hash}}","size":200000}""", 201);
        var answer = await grid.Client.UploadAsync(path);
        Assert.Equal($"sha256-{Hash}", answer.Artefact);
        Assert.Equal(Bytes, Assert.Single(grid.Requests).Body);
    }

    [Fact]
    public async Task Upload_WhenTheGridGotOtherBytes_IsAnError()
    {
        var path = WriteFile();
        await using var grid = await CannedGrid.StartAsync("""{"artefact":"sha256-00","sha256":"00","size":1}""", 201);
        await Assert.ThrowsAsync<ArtefactCorruptException>(() => grid.Client.UploadAsync(path));
    }

    [Fact]
    public async Task Download_WhenTheConnectionBreaksOnce_ComesWholeAndLeavesNothingElse()
    {
        await using var grid = await CannedGrid.StartAsync(async (context, _, number) =>
        {
            context.Response.ContentLength = Bytes.Length;
            await context.Response.Body.WriteAsync(number == 1 ? Bytes.AsMemory(0, 100_000) : Bytes);
            await context.Response.Body.FlushAsync();
            if (number == 1)
                context.Abort();
        });

        await grid.Client.DownloadAsync("job%3A1/7/a b.png", Target, Hash);

        Assert.Equal(Bytes, await File.ReadAllBytesAsync(Target));
        Assert.Equal([Target], Directory.GetFiles(Path.GetDirectoryName(Target)!));
        Assert.Equal("/api/artefacts/job%3A1/7/a b.png", grid.Requests[0].Target);
    }

    [Fact]
    public async Task Download_WhenTheHashIsWrong_KeepsNothing()
    {
        await using var grid = await CannedGrid.StartAsync("other bytes", contentType: "application/octet-stream");
        await Assert.ThrowsAsync<ArtefactCorruptException>(() => grid.Client.DownloadAsync("a/1/x", Target, Hash));
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(Target)!));
    }

    private string Target => Path.Combine(_folder.FullName, "deep", "picture.png");

    private string WriteFile()
    {
        var path = Path.Combine(_folder.FullName, "in.png");
        File.WriteAllBytes(path, Bytes);
        return path;
    }
}
