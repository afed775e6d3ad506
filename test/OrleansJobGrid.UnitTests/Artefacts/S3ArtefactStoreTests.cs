using Microsoft.Extensions.Time.Testing;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Artefacts.S3;
using OrleansJobGrid.TestService.S3;
using Xunit;

namespace OrleansJobGrid.UnitTests.Artefacts;

public sealed class S3ArtefactStoreTests : ArtefactStoreTests
{
    private const long PartBytes = 1 << 20;

    private readonly string _spool = Directory.CreateTempSubdirectory("spool-").FullName;
    private readonly List<S3ArtefactStore> _stores = [];
    // The SDK signs by the machine's clock, so the server's begins there.
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());
    private S3Server _server = null!;

    public override async ValueTask InitializeAsync()
    {
        _server = await S3Server.StartAsync(_time);
        _server.PageSize = 4;
    }

    public override async ValueTask DisposeAsync()
    {
        Assert.Empty(Directory.GetFiles(_spool));
        _stores.ForEach(s => s.Dispose());
        await _server.DisposeAsync();
        Directory.Delete(_spool, recursive: true);
    }

    protected override TimeProvider Time => _time;

    protected override async Task<IArtefactStore> OpenAsync() => await OpenAsync("grids/blue/");

    protected override async Task<IArtefactStore> OpenOtherAsync() => await OpenAsync("other/");

    protected override void Damage(string key, byte[] bytes) => _server.Damage("grids/blue/" + key, bytes);

    protected override void Age(TimeSpan age) => _server.Age(age);

    protected override async Task AssertDamageIsToldAsync(IArtefactStore store, string id)
    {
        var error = await Assert.ThrowsAsync<InvalidDataException>(() => ReadAsync(store, id));
        Assert.Contains("damaged", error.Message, StringComparison.Ordinal);
    }

    private async Task<S3ArtefactStore> OpenAsync(string prefix)
    {
        var store = await S3ArtefactStore.OpenAsync(_server.Options(prefix), _spool, PartBytes, Cancellation);
        lock (_stores)
            _stores.Add(store);
        return store;
    }
}
