using System.Globalization;

namespace OrleansJobGrid.Benchmarks.Harness;

/// <summary>Options of a benchmark as <c>--name value</c>.</summary>
internal sealed class BenchmarkArguments
{
    private static readonly string[] Known = ["--store", "--jobs", "--slots", "--slots-each", "--rates", "--seconds", "--signatures", "--rebuild", "--count", "--workers", "--hours", "--connections", "--dashboard",
        "--silos", "--depths", "--counts", "--peers", "--milliseconds"];

    private readonly Dictionary<string, string> _values = [];

    public IReadOnlyList<GridStoreKind> Stores => _values.GetValueOrDefault("--store", "all") switch
    {
        "all" => [GridStoreKind.Sqlite, GridStoreKind.RedisEverysec, GridStoreKind.RedisAlways],
        "sqlite" => [GridStoreKind.Sqlite],
        "redis-everysec" => [GridStoreKind.RedisEverysec],
        "redis-always" => [GridStoreKind.RedisAlways],
        var other => throw new ArgumentException($"--store is '{other}'; it is one of sqlite, redis-everysec, redis-always, all."),
    };

    public bool Dashboard => _values.GetValueOrDefault("--dashboard", "on") switch
    {
        "on" => true,
        "off" => false,
        var other => throw new ArgumentException($"--dashboard is '{other}'; it is on or off."),
    };

    /// <summary>Names parted by commas, each one of <paramref name="known"/>.</summary>
    public IReadOnlyList<string> Names(string name, params string[] known) =>
        [.. _values.GetValueOrDefault(name, string.Join(',', known)).Split(',').Select(n => known.Contains(n)
            ? n
            : throw new ArgumentException($"{name} names '{n}'; it may name {string.Join(", ", known)}."))];

    public IReadOnlyList<int> Rates => Numbers("--rates", "50,500,2000");

    /// <summary>Reads the options; throws <see cref="ArgumentException"/> for one that is not known or has no value.</summary>
    public static BenchmarkArguments Parse(IEnumerable<string> arguments)
    {
        var parsed = new BenchmarkArguments();
        foreach (var pair in arguments.Chunk(2))
        {
            if (pair is not [var name, var value] || !Known.Contains(name))
                throw new ArgumentException($"'{string.Join(' ', pair)}' is not known; the options are {string.Join(", ", Known)}, each with a value.");
            parsed._values[name] = value;
        }

        return parsed;
    }

    /// <summary>Whole numbers above 0; none for <c>none</c>.</summary>
    public IReadOnlyList<int> Numbers(string name, string otherwise) =>
        _values.GetValueOrDefault(name, otherwise) is var text && text == "none" ? [] : [.. text.Split(',').Select(n => Number(name, n))];

    public int Number(string name, int otherwise) => _values.TryGetValue(name, out var value) ? Number(name, value) : otherwise;

    private static int Number(string name, string value) =>
        int.TryParse(value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new ArgumentException($"{name} holds '{value}', which is no whole number above 0.");
}
