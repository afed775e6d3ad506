namespace OrleansJobGrid.Connectors;

/// <summary>
/// A connector whose service keeps models loaded. Jobs that name a model go rather where it is loaded already. Optional, beside
/// <see cref="IConnector"/>. Both are asked with every claim, so they answer at once, from memory.
/// </summary>
public interface IModelHost
{
    /// <summary>The models that are loaded now for a worker, by the names that jobs use, in any order.</summary>
    IReadOnlyList<string> LoadedModels(ModelPlace place);

    /// <summary>How often one was loaded there since the process began. Never falls.</summary>
    long ModelLoads(ModelPlace place);
}
