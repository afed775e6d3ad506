using CsCheck;
using OrleansJobGrid.Artefacts;
using Xunit;

namespace OrleansJobGrid.UnitTests.Artefacts;

public sealed class ArtefactIdTests
{
    [Theory]
    [InlineData("")]
    [InlineData("name")]
    [InlineData("job/name")]
    [InlineData("/etc/passwd")]
    [InlineData("../1/passwd/x")]
    [InlineData("job/../name")]
    [InlineData("job/1/..")]
    [InlineData("job/1/.")]
    [InlineData("job/1/")]
    [InlineData("job//name")]
    [InlineData("/1/name")]
    [InlineData("job/01/name")]
    [InlineData("job/-1/name")]
    [InlineData("job/+1/name")]
    [InlineData("job/1 /name")]
    [InlineData("job/99999999999999999999/name")]
    [InlineData("job/1/a\\b")]
    [InlineData("job/1/a\0b")]
    [InlineData("job/1/a\nb")]
    [InlineData("job/1/C:")]
    [InlineData("job/1/ a")]
    [InlineData("job/1/a ")]
    [InlineData("job/1/a.")]
    [InlineData("jo\\b/1/name")]
    [InlineData("jo\0b/1/name")]
    [InlineData("job/1/sub/name")]
    [InlineData("scratch/job/1/..")]
    [InlineData("scratch/job/1/sub/name")]
    [InlineData("tmp/job/1/name")]
    [InlineData("sha256-")]
    [InlineData("sha256-ABCDEF")]
    [InlineData("sha256-../../folder-id")]
    public void Of_MalformedId_IsRefused(string id) => Assert.Throws<ArgumentException>(() => ArtefactPath.Of(id));

    // An attribute's text is stored as UTF-8, which cannot hold it.
    [Fact]
    public void Of_LoneSurrogate_IsRefused() => Assert.Throws<ArgumentException>(() => ArtefactPath.Of("job/1/\ud800"));

    [Fact]
    public void Of_UppercaseOrOverlongHash_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => ArtefactPath.Of("sha256-" + new string('A', 64)));
        Assert.Throws<ArgumentException>(() => ArtefactPath.Of("sha256-" + new string('a', 65)));
    }

    [Fact]
    public void Of_NameOf200Bytes_IsFine_Of201_IsRefused()
    {
        ArtefactPath.Of("job/1/" + new string('n', 200));
        Assert.Throws<ArgumentException>(() => ArtefactPath.Of("job/1/" + new string('n', 201)));
    }

    [Fact]
    public void OfWritten_UploadId_IsRefused() =>
        Assert.Throws<ArgumentException>(() => ArtefactPath.OfWritten("sha256-" + new string('a', 64)));

    [Theory]
    [InlineData("a:b", "a%3Ab")]
    [InlineData("..", "%2E.")]
    [InlineData(".", "%2E")]
    [InlineData("a%3Ab", "a%253Ab")]
    [InlineData("Job_1-x.y", "Job_1-x.y")]
    [InlineData("é", "%C3%A9")]
    public void JobFolder_EncodesWhatIsNotPlain(string job, string folder) => Assert.Equal(folder, ArtefactPath.JobFolder(job));

    [Fact]
    public void JobFolder_AnyJobId_IsUniqueAndFitsInAFileName()
    {
        var id = Gen.String[Gen.Char["ABab019._:-%~ é"], 1, 128];
        Gen.Select(id, id).Sample((a, b) =>
        {
            Assert.InRange(ArtefactPath.JobFolder(a).Length, 1, 255);
            Assert.Equal(a == b, ArtefactPath.JobFolder(a) == ArtefactPath.JobFolder(b));
        });
    }

    /// <summary>Whatever the text: either it is refused, or the path stays below the folder of its kind.</summary>
    [Fact]
    public void Of_AnyText_NeverLeavesTheFolder()
    {
        string[] words = ["..", "1", "scratch", "sha256-", "name", "job"];
        var part = Gen.OneOf(Gen.String[Gen.Char["./\\a1~: \0"], 0, 6], Gen.Int[0, words.Length - 1].Select(i => words[i]));
        var root = Path.GetFullPath("/store");
        part.Array[1, 5].Sample(parts =>
        {
            string[] path;
            try
            {
                path = ArtefactPath.Of(string.Join('/', parts));
            }
            catch (ArgumentException)
            {
                return;
            }
            var full = Path.GetFullPath(Path.Combine([root, .. path]));
            Assert.StartsWith(Path.Combine(root, path[0]) + Path.DirectorySeparatorChar, full, StringComparison.Ordinal);
            Assert.Equal(path.Length, Path.GetRelativePath(root, full).Split(Path.DirectorySeparatorChar).Length);
        }, iter: 20_000);
    }
}
