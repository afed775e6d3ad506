namespace OrleansJobGrid.Workers.Execution;

/// <summary>What the worker says of its process.</summary>
/// <param name="Identity">Tells it from every other process that ever ran; see the grid's <c>ProcessIdentity</c>.</param>
/// <param name="Version">The program's version.</param>
public sealed record WorkerProcess(string Identity, string Version);
