namespace OrleansJobGrid.StoreTests.Sqlite;

/// <summary>A folder that is removed with its content.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("jobgrid-store-").FullName;

    public string Database => System.IO.Path.Combine(Path, "jobgrid.db");

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
