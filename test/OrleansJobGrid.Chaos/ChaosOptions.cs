using System.Globalization;
using OrleansJobGrid.Chaos.Faults;

namespace OrleansJobGrid.Chaos;

/// <summary>The command line.</summary>
internal sealed record ChaosOptions
{
    public const string Usage = """
        chaos [--seeds 1..50] [--seconds 60] [--store redis|sqlite] [--silos 3] [--nemeses all] [--rate 8] [--slots 8] [--sagas 15] [--out DIR]

          --seeds     FIRST..LAST, or numbers parted by commas; each is one run. Default 1
          --seconds   How long jobs are submitted and faults come. Default 60
          --store     redis: silos, a gateway and a redis-server with an fsync a write; sqlite: one process. Default redis
          --silos     Silos on redis. Default 3
          --nemeses   Some of kill-silo, kill-gateway, kill-store, stop, proxy, clock, disk, rolling, parted by commas; or all. Default all
          --rate      Jobs a second. Default 8
          --slots     Jobs that a worker runs at once. Default 8
          --sagas     How many of a hundred submissions are sagas. Default 15
          --settle    Seconds that the grid has to end all jobs after the last fault. Default 180
          --out       Where logs, evidence and the verdict go. Default ./chaos-out
          --without   Takes a rule of safety out, to see the checker fail: epochs (and each completion is delivered twice), or
                      write-before-acknowledgement. nothing: each completion is delivered twice, no rule is lacking.
                      Only with JOBGRID_TEST_BROKEN=1

        Exit codes: 0 nothing was lost or doubled; 1 something was; 2 wrong usage; 3 the run itself failed
        """;

    private static readonly string[] Names = ["--seeds", "--seconds", "--store", "--silos", "--nemeses", "--rate", "--slots", "--sagas", "--settle", "--out", "--without"];

    public IReadOnlyList<int> Seeds { get; init; } = [1];

    public TimeSpan Length { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>SQLite: gateway, grid and worker are one process.</summary>
    public bool OneProcess { get; init; }

    public int Silos { get; init; } = 3;

    public IReadOnlyList<Nemesis> Nemeses { get; init; } = Faults.Nemeses.All;

    public double Rate { get; init; } = 8;

    public int Slots { get; init; } = 8;

    /// <summary>Of a hundred submissions.</summary>
    public int Sagas { get; init; } = 15;

    public TimeSpan Settle { get; init; } = TimeSpan.FromSeconds(180);

    public string Out { get; init; } = "chaos-out";

    /// <summary>The rule that the grid lacks; null: none.</summary>
    public string? Without { get; init; }

    /// <summary>The command line that repeats one seed.</summary>
    public string Repeat(int seed) => string.Create(CultureInfo.InvariantCulture,
        $"{(Without is null ? "" : $"{Broken.BrokenGrid.Allowed}=1 ")}dotnet run --project test/OrleansJobGrid.Chaos -- --seeds {seed} --seconds {Length.TotalSeconds:0.###} --store {(OneProcess ? "sqlite" : "redis")} "
        + $"--silos {Silos} --nemeses {string.Join(',', Nemeses.Select(n => n.Name()))} --rate {Rate:0.###} --slots {Slots} --sagas {Sagas}{(Without is null ? "" : $" --without {Without}")}");

    /// <summary>Reads <c>--name value</c> pairs; throws <see cref="ArgumentException"/> naming the wrong one.</summary>
    public static ChaosOptions Parse(string[] args)
    {
        var values = OptionValues.Read(args, Names);
        var oneProcess = values.Text("--store", "redis") switch
        {
            "redis" => false,
            "sqlite" => true,
            var other => throw new ArgumentException($"--store takes redis or sqlite, not '{other}'."),
        };
        var nemeses = Faults.Nemeses.Parse(values.Text("--nemeses", "all"), oneProcess);
        if (nemeses.Select(n => n.Obstacle()).FirstOrDefault(o => o is not null) is { } obstacle)
            throw new ArgumentException($"--nemeses: {obstacle}.");
        if (values.Text("--without") is { } rule)
            Broken.BrokenGrid.Check(rule);
        return new()
        {
            Seeds = ReadSeeds(values.Text("--seeds", "1")),
            Length = TimeSpan.FromSeconds(values.Number("--seconds", 60, 5, 86_400)),
            OneProcess = oneProcess,
            Silos = oneProcess ? 1 : (int)values.Number("--silos", 3, 1, 20),
            Nemeses = nemeses,
            Rate = values.Number("--rate", 8, 0.1, 1_000),
            Slots = (int)values.Number("--slots", 8, 1, 1_000),
            Sagas = (int)values.Number("--sagas", 15, 0, 100),
            Settle = TimeSpan.FromSeconds(values.Number("--settle", 180, 1, 3_600)),
            Out = Path.GetFullPath(values.Text("--out", "chaos-out")),
            Without = values.Text("--without"),
        };
    }

    private static List<int> ReadSeeds(string text)
    {
        int Seed(string word) => int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var seed)
            ? seed
            : throw new ArgumentException($"--seeds takes FIRST..LAST or numbers parted by commas, not '{text}'.");
        return text.Split("..") is [var first, var last]
            ? [.. Enumerable.Range(Seed(first), Math.Max(0, Seed(last) - Seed(first) + 1))]
            : [.. text.Split(',').Select(Seed)];
    }
}
