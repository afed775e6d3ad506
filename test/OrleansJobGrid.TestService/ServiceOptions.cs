using System.Globalization;

namespace OrleansJobGrid.TestService;

/// <summary>The command line.</summary>
internal sealed record ServiceOptions
{
    /// <summary>Of 127.0.0.1; 0: a free one.</summary>
    public int Port { get; init; }

    /// <summary>The append-only log of executions.</summary>
    public required string Log { get; init; }

    /// <summary>Executions at a time; more wait in the order of their posts.</summary>
    public int Slots { get; init; } = 4;

    /// <summary>Where ended executions and their files survive a restart; null: they are lost with the process.</summary>
    public string? Keep { get; init; }

    /// <summary>Pause before each answer.</summary>
    public TimeSpan AnswerDelay { get; init; }

    /// <summary>Reads <c>--name value</c> pairs; throws <see cref="ArgumentException"/> naming the wrong one.</summary>
    public static ServiceOptions Parse(string[] args)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < args.Length; i += 2)
        {
            if (args[i] is not ("--port" or "--log" or "--slots" or "--keep" or "--answer-delay") || i + 1 == args.Length)
                throw new ArgumentException($"'{args[i]}' is no option with a value. Known: --port, --log, --slots, --keep, --answer-delay (ms).");
            values[args[i]] = args[i + 1];
        }

        int Number(string name, int otherwise) => values.TryGetValue(name, out var text)
            ? int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : throw new ArgumentException($"{name} takes a number, not '{text}'.")
            : otherwise;
        return new()
        {
            Port = Number("--port", 0),
            Log = values.GetValueOrDefault("--log") ?? throw new ArgumentException("--log FILE is missing."),
            Slots = Math.Max(1, Number("--slots", 4)),
            Keep = values.GetValueOrDefault("--keep"),
            AnswerDelay = TimeSpan.FromMilliseconds(Number("--answer-delay", 0)),
        };
    }
}
