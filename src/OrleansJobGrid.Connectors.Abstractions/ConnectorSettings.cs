namespace OrleansJobGrid.Connectors;

/// <summary>What a connector of an assembly of its own is made with, where its constructor takes it.</summary>
/// <param name="Values">
/// Its section of the worker's configuration, <c>JobGrid:Connectors:Settings:NAME</c>, as flat names such as <c>Instances:a</c>; secrets come from
/// the environment. Names are compared without regard to case.
/// </param>
/// <param name="Time">The clock of its waits.</param>
public sealed record ConnectorSettings(IReadOnlyDictionary<string, string> Values, TimeProvider Time);
