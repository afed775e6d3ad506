using OrleansJobGrid.Client;
using OrleansJobGrid.ProcessTests.Grid;
using OrleansJobGrid.TestKit.Grid;
using SkiaSharp;
using Xunit;

namespace OrleansJobGrid.ProcessTests.Work;

/// <summary>The README's first command.</summary>
public sealed class ContactSheetTests
{
    private const int Photos = 6;

    [Fact]
    public async Task Readme_command_makes_the_pictures_and_exits_0()
    {
        var folder = Directory.CreateTempSubdirectory("jobgrid-readme-").FullName;
        var (exitCode, output, error) = await GridProcess.RunAsync(folder, "run", Repository.File("docs/samples/contact-sheet.json"));

        Assert.True(exitCode == 0, output + error);
        var pictures = Directory.GetFiles(Path.Combine(folder, "out"), "*", SearchOption.AllDirectories);
        Assert.Equal(Photos + 1, pictures.Length);
        foreach (var picture in pictures)
        {
            Assert.Contains(Path.GetFileName(picture), output, StringComparison.Ordinal);
            using var decoded = SKBitmap.Decode(picture);
            var expected = picture.Contains("contact-sheet", StringComparison.Ordinal) ? (1440, 640) : (1200, 800);
            Assert.Equal(expected, (decoded.Width, decoded.Height));
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Pictures_are_the_same_to_the_byte_with_one_slot_and_with_four_and_four_run_at_once()
    {
        var one = await RunOnAsync(slots: 1);
        var four = await RunOnAsync(slots: 4);

        Assert.Equal(Photos + 1, one.Hashes.Count);
        Assert.Equal(one.Hashes, four.Hashes);
        Assert.Equal(1, one.AtOnce);
        Assert.InRange(four.AtOnce, 3, 4);
    }

    private static async Task<(SortedDictionary<string, string> Hashes, int AtOnce)> RunOnAsync(int slots)
    {
        var folder = Directory.CreateTempSubdirectory("jobgrid-sheet-").FullName;
        await using var grid = await GridProcess.UpAsync(new(Path.Combine(folder, "data")) { Slots = slots });
        var (exitCode, output, error) = await GridProcess.RunAsync(
            folder, "run", Repository.File("docs/samples/contact-sheet.json"), "--url", grid.Http.BaseAddress!.ToString());
        Assert.True(exitCode == 0, output + error);
        var jobs = new List<Job>();
        await foreach (var job in grid.Client.ListAllJobsAsync())
            jobs.Add(job);
        Assert.Equal(0, await grid.TerminateAsync());
        Directory.Delete(folder, recursive: true);
        var hashes = new SortedDictionary<string, string>(jobs.SelectMany(j => j.Outputs!).ToDictionary(o => o.Name, o => o.Sha256!), StringComparer.Ordinal);
        return (hashes, AtOnce(jobs));
    }

    /// <summary>The most jobs that ran at one moment, by the grid's own times.</summary>
    private static int AtOnce(IReadOnlyList<Job> jobs) =>
        jobs.Max(at => jobs.Count(j => j.StartedAt <= at.StartedAt && j.CompletedAt > at.StartedAt));
}
