using System.Text;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Artefacts.Callbacks;
using Xunit;

namespace OrleansJobGrid.UnitTests.Artefacts;

/// <summary>Callbacks in a real folder.</summary>
public sealed class CallbackBoxTests : IDisposable
{
    private const string Mark = "4b5c3a0e-0000-4000-8000-000000000001";

    private readonly string _folder = Directory.CreateTempSubdirectory("jobgrid-callbacks-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task What_is_kept_is_found_by_another_process_in_the_order_in_which_it_came()
    {
        for (var i = 1; i <= 12; i++)
            Assert.True(await Box().PutAsync(Mark, Encoding.UTF8.GetBytes($"{i}"), Cancellation));
        Assert.Equal(Enumerable.Range(1, 12).Select(i => $"{i}"), await ReadAsync());
        await Box().ForgetAsync(Mark, Cancellation);
        await Box().ForgetAsync(Mark, Cancellation);
        Assert.Empty(await ReadAsync());
    }

    [Fact]
    public async Task Calls_at_the_same_time_are_all_kept()
    {
        await Task.WhenAll(Enumerable.Range(1, 20).Select(i => Box().PutAsync(Mark, Encoding.UTF8.GetBytes($"{i}"), Cancellation)));
        Assert.Equal(Enumerable.Range(1, 20).Select(i => $"{i}").Order(), (await ReadAsync()).Order());
    }

    private CallbackBox Box() => new(FolderArtefactStore.Open(_folder, TimeProvider.System));

    private async Task<IEnumerable<string>> ReadAsync() => (await Box().ReadAsync(Mark, Cancellation)).Select(Encoding.UTF8.GetString);
}
