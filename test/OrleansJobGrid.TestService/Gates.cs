namespace OrleansJobGrid.TestService;

/// <summary>All gates of the service, in the order in which a job meets them.</summary>
internal sealed class Gates(Action<string> announce)
{
    /// <summary>Its health was asked for; the ids are <c>-</c>.</summary>
    public Gate Health { get; } = new("health", announce);

    /// <summary>A post came and is not taken yet.</summary>
    public Gate Post { get; } = new("post", announce);

    /// <summary>A post was taken and is on the log, the answer was not given.</summary>
    public Gate Answer { get; } = new("answer", announce);

    /// <summary>The work runs; while it is held here it does not end.</summary>
    public Gate Running { get; } = new("running", announce);

    /// <summary>It was asked about work that is completed, and has not answered.</summary>
    public Gate Completed { get; } = new("completed", announce);

    /// <summary>A file of the work was given out whole.</summary>
    public Gate Fetched { get; } = new("fetched", announce);

    /// <summary>Follows <c>COMMAND GATE [EXTERNAL_ID …]</c> lines until the input ends.</summary>
    public async Task FollowAsync(TextReader input)
    {
        while (await input.ReadLineAsync() is { } line)
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            try
            {
                if (words is not [var command, var gate, .. var ids])
                    throw new ArgumentException("A line is COMMAND GATE [EXTERNAL_ID …].");
                Find(gate).Do(command, ids);
                announce($"DONE {line}");
            }
            catch (ArgumentException e)
            {
                announce($"WRONG {line}: {e.Message}");
            }
        }
    }

    private Gate Find(string name) => name switch
    {
        "health" => Health,
        "post" => Post,
        "answer" => Answer,
        "running" => Running,
        "completed" => Completed,
        "fetched" => Fetched,
        _ => throw new ArgumentException($"There is no gate '{name}'. Known: health, post, answer, running, completed, fetched."),
    };
}
