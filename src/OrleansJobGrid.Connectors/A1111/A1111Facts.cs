namespace OrleansJobGrid.Connectors.A1111;

/// <summary>What a server was found to have.</summary>
/// <param name="TakesIds">Requests take <c>force_task_id</c> (from 1.8).</param>
/// <param name="TellsTasks"><c>/internal/progress</c> is there: with the UI, and without <c>--api-auth</c>.</param>
/// <param name="Models">Its models: titles, names and hashes.</param>
internal sealed record A1111Facts(bool TakesIds, bool TellsTasks, IReadOnlyList<A1111Model> Models)
{
    /// <summary>Whether a task can be told from others.</summary>
    public bool KnowsTasks => TakesIds && TellsTasks;

    /// <summary>The model that a job means; null: it is not there.</summary>
    public A1111Model? Find(string model) => Models.FirstOrDefault(m => m.Is(model));
}

/// <summary>A model as the server lists it.</summary>
internal sealed record A1111Model(string Title, string? Name, string? Hash, string? Sha256)
{
    public bool Is(string model) =>
        model == Title || model == Name || (model.Length >= 8 && (model == Hash || Sha256?.StartsWith(model, StringComparison.OrdinalIgnoreCase) == true));
}

/// <summary>What <c>/internal/progress</c> says of a task.</summary>
/// <param name="Active">It runs, or has failed and no other task began since: the server leaves a failed task so.</param>
/// <param name="Queued">It waits.</param>
/// <param name="Completed">It ended with pictures, and is among the last 16 that did.</param>
/// <param name="Progress">0 to 1; null: it does not say.</param>
/// <param name="Text">For a person.</param>
internal sealed record A1111Task(bool Active, bool Queued, bool Completed, double? Progress, string? Text)
{
    public bool IsLive => Active || Queued;

    /// <summary>Its latest unfinished picture, where one was asked for and is new.</summary>
    public (byte[] Picture, string ContentType)? Preview { get; init; }

    /// <summary>The number of that picture; -1: there is none.</summary>
    public int PreviewNumber { get; init; }
}
