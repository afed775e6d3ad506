using System.Globalization;
using Microsoft.Extensions.Configuration;
using OrleansJobGrid.Contracts.Matching;

namespace OrleansJobGrid.Workers.Hosting;

/// <summary>The settings of one worker as they were written, and where.</summary>
/// <param name="Section">The section that a message names, such as <c>JobGrid:Worker</c> or <c>JobGrid:Workers:left</c>.</param>
/// <param name="Name">Its name among several; null: it is the process's only one, or stands for one a GPU.</param>
/// <param name="Options">Its settings.</param>
public sealed record WorkerSettings(string Section, string? Name, WorkerOptions Options)
{
    private const string One = "JobGrid:Worker";
    private const string Several = "JobGrid:Workers";

    /// <summary>Settings whose values are free, which the binder of options cannot read.</summary>
    public static IReadOnlyList<string> FreeSections { get; } = [nameof(WorkerOptions.Attributes), nameof(WorkerOptions.Requires)];

    /// <summary>
    /// The workers that a configuration asks for: those under <c>JobGrid:Workers</c>, each over <c>JobGrid:Worker</c>; else that one.
    /// A list replaces the list below it. Throws what the binder throws where a value cannot be read.
    /// </summary>
    public static IReadOnlyList<WorkerSettings> Read(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var below = configuration.GetSection(One);
        var named = configuration.GetSection(Several).GetChildren().ToList();
        if (named.Count == 0)
            return [new(One, null, Bound(below))];
        return [.. named.Select(section => OfName(section, below))];
    }

    private static WorkerSettings OfName(IConfigurationSection section, IConfigurationSection below)
    {
        var options = Bound(Over(below, section));
        // What the one below chose for the process cannot be right for each of several.
        options.Gpus = GpusOf(section) ?? GpuChoice.Auto;
        options.Id = section["Id"] ?? (below["Id"] is { } shared ? $"{shared}:{section.Key}" : $"{options.Node}-{section.Key}");
        return new(section.Path, section.Key, options);
    }

    private static WorkerOptions Bound(IConfiguration section)
    {
        var options = section.Get<WorkerOptions>() ?? new();
        options.Gpus = GpusOf(section) ?? options.Gpus;
        options.Attributes = SectionJson.Read(section.GetSection(nameof(WorkerOptions.Attributes)));
        var requires = section.GetSection(nameof(WorkerOptions.Requires));
        var positive = SectionJson.Read(requires.GetSection(nameof(WorkerRequires.PositiveRequirements)));
        var negative = SectionJson.Read(requires.GetSection(nameof(WorkerRequires.NegativeRequirements)));
        if (positive is not null || negative is not null)
            options.Requires = new() { PositiveRequirements = positive, NegativeRequirements = negative };
        return options;
    }

    /// <summary>Also as a list, which is what a JSON file makes of it by nature.</summary>
    private static string? GpusOf(IConfiguration section)
    {
        var setting = section.GetSection(nameof(WorkerOptions.Gpus));
        var listed = setting.GetChildren().Select(c => c.Value).ToList();
        return listed.Count > 0 ? string.Join(',', listed) : setting.Value;
    }

    private static IConfigurationRoot Over(IConfigurationSection below, IConfigurationSection above)
    {
        var over = Values(above).ToList();
        // An empty list is an empty text.
        var replaced = over.Select(v => v.Value!.Length == 0 ? v.Key : ListOf(v.Key)).OfType<string>().ToHashSet(StringComparer.OrdinalIgnoreCase);
        var kept = Values(below).Where(v => ListOf(v.Key) is not { } list || !replaced.Contains(list));
        return new ConfigurationBuilder().AddInMemoryCollection(kept).AddInMemoryCollection(over).Build();
    }

    private static IEnumerable<KeyValuePair<string, string?>> Values(IConfigurationSection section) =>
        section.AsEnumerable(makePathsRelative: true).Where(v => v.Key.Length > 0 && v.Value is not null);

    /// <summary>The list that a value has a place in, such as <c>Queues</c> of <c>Queues:0</c>; null: none.</summary>
    private static string? ListOf(string key)
    {
        var parts = key.Split(':');
        var place = Array.FindIndex(parts, 1, p => int.TryParse(p, NumberStyles.None, CultureInfo.InvariantCulture, out _));
        return place < 1 ? null : string.Join(':', parts[..place]);
    }
}
