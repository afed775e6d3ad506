using OrleansJobGrid.Host.CommandLine;
using OrleansJobGrid.Host.Hosting;

namespace OrleansJobGrid.UnitTests.CommandLine;

/// <summary>Runs a command line with captured output in a folder of its own for job files.</summary>
internal sealed class CommandRun : IDisposable
{
    private readonly StringWriter _out = new();
    private readonly StringWriter _error = new();

    public DirectoryInfo Folder { get; } = Directory.CreateTempSubdirectory("jobgrid-cli-");

    public StopRequest Stop { get; } = new();

    public string Out => _out.ToString().ReplaceLineEndings("\n");

    public string Error => _error.ToString().ReplaceLineEndings("\n");

    public Dictionary<string, string> Variables { get; } = [];

    public Func<GridOptions, CancellationToken, Task<StartedGrid>> StartGrid { get; init; } =
        (_, _) => throw new InvalidOperationException("This test starts no grid.");

    public Task<int> InvokeAsync(params string[] args) => JobGridCommandLine.InvokeAsync(args, new CommandEnvironment
    {
        Out = _out,
        Error = _error,
        Stop = Stop,
        Variable = name => Variables.GetValueOrDefault(name),
        StartGrid = StartGrid,
    });

    public string Write(string name, string content)
    {
        var path = Path.Combine(Folder.FullName, name);
        File.WriteAllText(path, content);
        return path;
    }

    public void Dispose()
    {
        Stop.Dispose();
        Folder.Delete(recursive: true);
    }
}
