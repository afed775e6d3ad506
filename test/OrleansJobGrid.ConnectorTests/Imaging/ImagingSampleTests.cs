using System.Text.Json.Nodes;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Imaging;
using OrleansJobGrid.TestKit.Connectors;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Imaging;

public sealed class ImagingSampleTests
{
    [Fact]
    public async Task Every_job_of_the_sample_completes_with_four_running_at_once()
    {
        string folder = Path.Combine(RepositoryRoot(), "docs", "samples");
        JsonArray jobs = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "contact-sheet.json")))!["jobs"]!.AsArray();
        Assert.Equal(7, jobs.Count);
        using var connector = new ImagingConnector();
        var names = new List<string>();
        await Parallel.ForEachAsync(jobs, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (job, cancellationToken) =>
        {
            Assert.Equal(connector.Service, (string?)job!["service_required"]);
            var files = new FakeJobFiles();
            foreach (string input in job["payload"]!["inputs"]!.AsArray().Select(input => (string)input!))
                files.Inputs[input] = await File.ReadAllBytesAsync(Path.Combine(folder, input), cancellationToken);
            var context = new FakeJobContext(job["payload"]!.ToJsonString(), files);
            var result = Assert.IsType<CompletedResult>(await connector.ExecuteAsync(context, cancellationToken));
            bool sheet = files.Inputs.Count == 6;
            Assert.Equal(sheet ? (1440, 640) : (1200, 800), ((int)result.Result!["width"]!, (int)result.Result["height"]!));
            lock (names)
                names.Add(result.Outputs[0].Name);
        });
        Assert.Equal(7, names.Distinct().Count());
    }

    private static string RepositoryRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "OrleansJobGrid.sln")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new DirectoryNotFoundException($"No OrleansJobGrid.sln above {AppContext.BaseDirectory}.");
    }
}
