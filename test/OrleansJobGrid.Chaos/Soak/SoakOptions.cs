namespace OrleansJobGrid.Chaos.Soak;

/// <summary>The command line of <c>soak</c>.</summary>
internal sealed record SoakOptions
{
    public const string Usage = """
        chaos soak [--minutes 30] [--rate 1000] [--kill-every 120] [--kill silo,store] [--silos 3] [--slots 32] [--keep 120] [--out DIR]

          Load for a long time on silos that are gateways and workers as well, on a Redis with an fsync a write, and a kill -9 now and then.

          --minutes     How long. Default 30
          --rate        Jobs a second. Default 1000
          --kill-every  Seconds from one kill to the next. Default 120
          --kill        What is killed: silo, store (each fifth kill), or both. It is started again two seconds later. Default both
          --silos       Silos. Default 3
          --slots       Jobs that a worker runs at once. Default 32
          --keep        Seconds that a completed job is kept, which bounds the store. Default 120
          --out         Where logs, samples and the report go. Default ./soak-out
        """;

    private static readonly string[] Names = ["--minutes", "--rate", "--kill-every", "--kill", "--silos", "--slots", "--keep", "--out"];

    public TimeSpan Length { get; init; }

    public int Rate { get; init; }

    public TimeSpan KillEvery { get; init; }

    public bool KillsSilos { get; init; }

    public bool KillsStore { get; init; }

    public int Silos { get; init; }

    public int Slots { get; init; }

    public TimeSpan Keep { get; init; }

    public string Out { get; init; } = "";

    /// <summary>Reads <c>--name value</c> pairs; throws <see cref="ArgumentException"/> naming the wrong one.</summary>
    public static SoakOptions Parse(string[] args)
    {
        var values = OptionValues.Read(args, Names);
        var kill = values.Text("--kill", "silo,store").Split(',');
        if (kill.FirstOrDefault(k => k is not ("silo" or "store")) is { } other)
            throw new ArgumentException($"--kill takes silo, store, or both parted by a comma, not '{other}'.");
        return new()
        {
            Length = TimeSpan.FromMinutes(values.Number("--minutes", 30, 0.5, 10_000)),
            Rate = (int)values.Number("--rate", 1_000, 20, 100_000),
            KillEvery = TimeSpan.FromSeconds(values.Number("--kill-every", 120, 15, 86_400)),
            KillsSilos = kill.Contains("silo"),
            KillsStore = kill.Contains("store"),
            Silos = (int)values.Number("--silos", 3, 2, 20),
            Slots = (int)values.Number("--slots", 32, 1, 1_000),
            Keep = TimeSpan.FromSeconds(values.Number("--keep", 120, 1, 86_400)),
            Out = Path.GetFullPath(values.Text("--out", "soak-out")),
        };
    }
}
