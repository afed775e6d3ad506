using System.Text;
using System.Text.Json;
using OrleansJobGrid.Grains.Artefacts;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Artefacts;

public sealed class UploadNamesTests
{
    private static readonly string A = "sha256-" + new string('a', 64);
    private static readonly string B = "sha256-" + new string('0', 64);

    [Fact]
    public void Find_NamesInAnyText_FindsAll()
    {
        Assert.Equal([A], Found($$"""{"input":"{{A}}"}"""));
        Assert.Equal([A, B, A], Found($$"""{"inputs":[{"x":"{{A}}"},["http://grid/api/artefacts/{{B}}?x"],"{{A}}.png"]}"""));
        Assert.Equal([A, B], Found($$"""{"{{A}}":1,"prompt":"like {{B}}, but green"}"""));
        Assert.Equal([A, B], Found($$"""["{{A}}{{B}}"]"""));
    }

    [Fact]
    public void Find_NamesThatAreEscaped_FindsThem()
    {
        Assert.Equal([A], Found("[\"\\u0073ha256-" + new string('a', 64) + "\"]"));
        Assert.Equal([A], Found("[\"" + string.Concat(A.Select(c => $"\\u{(int)c:x4}")) + "\"]"));
        Assert.Equal([A], Found("[\"\\/" + A + "\"]"));
    }

    [Theory]
    [InlineData("""{"a":"b"}""")]
    [InlineData("""{"a":"sha256-abc"}""")]
    [InlineData("""["sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]""")]
    [InlineData("""["sha256-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]""")]
    public void Find_WhereThereIsNone_FindsNone(string json) => Assert.Empty(Found(json));

    [Fact]
    public void Find_InWhatIsNoJson_Throws() => Assert.ThrowsAny<JsonException>(() => Found("{" + A));

    private static List<string> Found(string json)
    {
        var found = new List<string>();
        UploadNames.Find(Encoding.UTF8.GetBytes(json), found.Add);
        return found;
    }
}
