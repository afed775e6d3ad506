namespace OrleansJobGrid.Workers.Hosting;

/// <summary>The folder whose disk a worker has for its work.</summary>
/// <param name="Path">Its path.</param>
public sealed record WorkFolder(string Path);
