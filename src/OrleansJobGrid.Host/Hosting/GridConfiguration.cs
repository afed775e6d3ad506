using System.Collections;

namespace OrleansJobGrid.Host.Hosting;

/// <summary>The settings of the process: the configuration file, then environment variables, then the command line.</summary>
internal static class GridConfiguration
{
    private const string Prefix = "JOBGRID_";

    public static void Add(ConfigurationManager configuration, GridOptions options)
    {
        if (options.ConfigFile is { } file)
            configuration.AddJsonFile(Path.GetFullPath(file), optional: false);
        KnownSettings.Check(configuration);
        configuration.AddInMemoryCollection(FromEnvironment(Environment.GetEnvironmentVariables()));
        if (options.Slots is { } slots)
            configuration.AddInMemoryCollection([new("JobGrid:Worker:Slots", slots.ToString(System.Globalization.CultureInfo.InvariantCulture))]);
    }

    /// <summary><c>JOBGRID_WORKER__SLOTS</c> is <c>JobGrid:Worker:Slots</c>.</summary>
    internal static IEnumerable<KeyValuePair<string, string?>> FromEnvironment(IDictionary variables) =>
        variables.Cast<DictionaryEntry>()
            .Select(v => (Name: (string)v.Key, Value: (string?)v.Value))
            .Where(v => v.Name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            .Select(v => KeyValuePair.Create("JobGrid:" + v.Name[Prefix.Length..].Replace("__", ":", StringComparison.Ordinal), v.Value));
}
