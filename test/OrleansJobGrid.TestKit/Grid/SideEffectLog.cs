using System.Globalization;

namespace OrleansJobGrid.TestKit.Grid;

/// <summary>The file that simulated jobs append their START and END to: what stands outside the grid.</summary>
public sealed class SideEffectLog : IDisposable
{
    public SideEffectLog() => Folder = Directory.CreateTempSubdirectory("jobgrid-side-effects-").FullName;

    public string Folder { get; }

    public string Path => System.IO.Path.Combine(Folder, "log");

    /// <summary>Lets workers write here.</summary>
    public Dictionary<string, string> Environment => new() { ["JOBGRID_SIMULATION__SIDEEFFECTFOLDERS__0"] = Folder };

    /// <summary>All lines, in the order of their writing.</summary>
    public IReadOnlyList<(string What, string JobId, long Epoch)> Read() => File.Exists(Path)
        ? [.. File.ReadAllLines(Path).Select(l => l.Split(' ')).Select(l => (l[0], l[1], long.Parse(l[2], CultureInfo.InvariantCulture)))]
        : [];

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
