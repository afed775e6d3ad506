using OrleansJobGrid.Artefacts;
using Xunit;

namespace OrleansJobGrid.UnitTests.Artefacts;

public sealed class FolderArtefactStoreTests : ArtefactStoreTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("artefacts-").FullName;

    public override ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public override ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    protected override TimeProvider Time => TimeProvider.System;

    protected override Task<IArtefactStore> OpenAsync() => Task.FromResult<IArtefactStore>(Open());

    protected override Task<IArtefactStore> OpenOtherAsync() => Task.FromResult<IArtefactStore>(FolderArtefactStore.Open(Path.Combine(_folder, "other")));

    protected override void Damage(string key, byte[] bytes) => File.WriteAllBytes(Path.Combine(_folder, key), bytes);

    protected override void Age(TimeSpan age)
    {
        foreach (var file in Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories))
            File.SetLastWriteTimeUtc(file, File.GetLastWriteTimeUtc(file) - age);
    }

    protected override Task AssertDamageIsToldAsync(IArtefactStore store, string id) =>
        Assert.ThrowsAsync<InvalidDataException>(() => store.UploadAsync(Bytes("pixels"), 100, Cancellation));

    private FolderArtefactStore Open() => FolderArtefactStore.Open(_folder);

    [Fact]
    public async Task DeleteOld_OfTheLastPiece_TakesTheFoldersAwayToo()
    {
        var store = Open();
        await store.WriteOnceAsync("j/1/out", Bytes("o"), Cancellation);
        await store.WriteOnceAsync("j/2/out", Bytes("o"), Cancellation);
        Age(TimeSpan.FromDays(2));
        var stored = (await AllAsync(store)).OrderBy(s => s.Key, StringComparer.Ordinal).ToList();
        Assert.True(await store.DeleteOldAsync(stored[0], TimeProvider.System.GetUtcNow().AddDays(-1), Cancellation));
        Assert.Equal(["2"], Directory.GetDirectories(Path.Combine(_folder, "jobs", "j")).Select(Path.GetFileName));
        Assert.True(await store.DeleteOldAsync(stored[1], TimeProvider.System.GetUtcNow().AddDays(-1), Cancellation));
        Assert.Empty(Directory.GetDirectories(Path.Combine(_folder, "jobs")));
    }

    [Fact]
    public void Open_WithADamagedFolderId_IsRefused()
    {
        File.WriteAllText(Path.Combine(_folder, "folder-id"), "?");
        Assert.Throws<InvalidDataException>(Open);
    }

    [Fact]
    public void Open_SweepsTemporaryFilesOlderThanADayOnly()
    {
        Open();
        var old = Path.Combine(_folder, "tmp", "old");
        var young = Path.Combine(_folder, "tmp", "young");
        File.WriteAllText(old, "");
        File.WriteAllText(young, "");
        File.SetLastWriteTimeUtc(old, TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(-25));
        File.SetLastWriteTimeUtc(young, TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(-23));
        Open();

        Assert.False(File.Exists(old));
        Assert.True(File.Exists(young));
    }
}
