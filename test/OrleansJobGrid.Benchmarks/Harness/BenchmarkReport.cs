using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansJobGrid.Benchmarks.Harness;

/// <summary>Rows of figures: a table for people, a JSON file for programs.</summary>
internal sealed class BenchmarkReport(string name)
{
    private readonly JsonArray _rows = [];

    /// <summary>Adds a row and prints it.</summary>
    public void Add(params (string Name, JsonNode? Value)[] row)
    {
        _rows.Add(new JsonObject(row.Select(r => KeyValuePair.Create(r.Name, r.Value))));
        foreach (var (column, value) in row)
            Console.WriteLine($"  {column,-34} {value}");
        Console.WriteLine();
    }

    /// <summary>Writes <c>bench-results/NAME.json</c> below the current folder.</summary>
    public void Write()
    {
        var document = new JsonObject
        {
            ["benchmark"] = name,
            ["at"] = TimeProvider.System.GetUtcNow().ToString("O"),
            ["machine"] = MachineLoad.Describe(),
            ["rows"] = _rows,
        };
        var path = Path.Combine(Directory.CreateDirectory("bench-results").FullName, $"{name}.json");
        File.WriteAllText(path, document.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
        Console.WriteLine($"{MachineLoad.Describe()}; written to {path}");
    }
}
