using System.Diagnostics;
using System.Text.Json.Nodes;
using OrleansJobGrid.Client;
using OrleansJobGrid.ProcessTests.Grid;
using OrleansJobGrid.TestKit.Grid;
using Xunit;

namespace OrleansJobGrid.ProcessTests.Work;

/// <summary>A connector in an assembly of its own: the sample of <c>docs/connectors.md</c>, built as its reader would.</summary>
public sealed class OwnConnectorTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("jobgrid-connector-").FullName;

    private string Connectors => Path.Combine(_folder, "connectors");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_sample_is_built_dropped_into_the_folder_found_shown_with_its_version_and_does_a_job()
    {
        await BuildAsync();
        await using var grid = await GridProcess.UpAsync(new(Path.Combine(_folder, "data")) { Config = await ConfigAsync() });
        var text = Path.Combine(_folder, "text.txt");
        await File.WriteAllTextAsync(text, "one two\nthree four five\n\nsix\n", Cancellation);
        var uploaded = await grid.Client.UploadAsync(text, Cancellation);
        var file = Path.Combine(_folder, "job.json");
        await File.WriteAllTextAsync(file, $$$"""{"service_required": "text-stats", "payload": {"input": "{{{uploaded.Artefact}}}"}}""", Cancellation);
        var (exitCode, output, error) = await GridProcess.RunAsync(_folder, "run", file, "--url", grid.Http.BaseAddress!.ToString());
        Assert.True(exitCode == 0, output + error);

        var job = (await grid.Client.ListJobsAsync(cancellationToken: Cancellation)).Jobs.Single();
        Assert.Equal("""{"lines":4,"words":6}""", (await grid.Client.GetJobAsync(job.Id, Cancellation)).Result!.Value.GetRawText());
        // The list may be a second old, and the job was quicker than that.
        var worker = (Worker)await Eventually.GetAsync("the worker is in the list", TimeSpan.FromSeconds(20), async () =>
        {
            var workers = (await grid.Client.GetWorkersAsync(Cancellation)).Workers;
            return ((object?)workers.SingleOrDefault(), $"{workers.Count} workers");
        });
        Assert.Equal(("text-stats", "1.2.3", "TextStats.dll"), worker.Connectors!.Select(c => (c.Service, c.Version!, c.Assembly!)).Single());
        Assert.Contains("does text-stats by TextStats.dll 1.2.3", (await GridProcess.RunAsync(_folder, "workers", "--url", grid.Http.BaseAddress.ToString())).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_used_keeps_the_worker_from_starting_and_is_named_with_the_mend()
    {
        Directory.CreateDirectory(Path.Combine(Connectors, "Broken"));
        await SaysAsync("there is no such file");
        await File.WriteAllTextAsync(Path.Combine(Connectors, "Broken", "Broken.dll"), "no assembly", Cancellation);
        await SaysAsync("it cannot be loaded");
        File.Copy(typeof(JobGridClient).Assembly.Location, Path.Combine(Connectors, "Broken", "Broken.dll"), overwrite: true);
        await SaysAsync("Broken.dll' cannot be used");
        Directory.Delete(Path.Combine(Connectors, "Broken"), recursive: true);
        await File.WriteAllTextAsync(Path.Combine(Connectors, "Stray.dll"), "", Cancellation);
        await SaysAsync("Give it a folder of its own name");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task SaysAsync(string words)
    {
        var (exitCode, output, error) = await GridProcess.RunAsync(
            _folder, "up", "--data", Path.Combine(_folder, "data"), "--urls", $"http://127.0.0.1:{FreePorts.Next()}", "--config", await ConfigAsync());
        Assert.NotEqual(0, exitCode);
        Assert.Contains(words, output + error, StringComparison.Ordinal);
        Assert.Contains(Connectors, output + error, StringComparison.Ordinal);
    }

    private async Task<string> ConfigAsync()
    {
        var config = Path.Combine(_folder, "jobgrid.json");
        await File.WriteAllTextAsync(config, new JsonObject { ["JobGrid"] = new JsonObject { [nameof(Connectors)] = new JsonObject { ["Folder"] = Connectors } } }.ToJsonString(), Cancellation);
        return config;
    }

    /// <summary>On a copy, so that nothing is built beside the sources while other tests run.</summary>
    private async Task BuildAsync()
    {
        var sources = Path.Combine(_folder, "TextStats");
        Directory.CreateDirectory(sources);
        foreach (var file in Directory.GetFiles(Repository.File("docs/samples/connector")))
            File.Copy(file, Path.Combine(sources, Path.GetFileName(file)));
        var project = Path.Combine(sources, "TextStats.csproj");
        var reference = """<ProjectReference Include="../../../src/OrleansJobGrid.Connectors.Abstractions/OrleansJobGrid.Connectors.Abstractions.csproj" Private="false" ExcludeAssets="runtime" />""";
        var written = await File.ReadAllTextAsync(project, Cancellation);
        Assert.Contains(reference, written, StringComparison.Ordinal);
        var contract = Path.Combine(AppContext.BaseDirectory, "OrleansJobGrid.Connectors.Abstractions.dll");
        await File.WriteAllTextAsync(
            project,
            written.Replace(reference, $"""<Reference Include="OrleansJobGrid.Connectors.Abstractions" HintPath="{contract}" Private="false" />""", StringComparison.Ordinal),
            Cancellation);
        using var build = Process.Start(new ProcessStartInfo("dotnet", ["build", project, "-c", "Release", "-o", Path.Combine(Connectors, "TextStats"), "-nodeReuse:false"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = sources,
        })!;
        var said = await build.StandardOutput.ReadToEndAsync(Cancellation);
        await build.WaitForExitAsync(Cancellation);
        Assert.True(build.ExitCode == 0, said);
    }
}
