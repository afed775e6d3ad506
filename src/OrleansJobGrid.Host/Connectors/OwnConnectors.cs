using System.Reflection;
using System.Text.RegularExpressions;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Host.Hosting;

namespace OrleansJobGrid.Host.Connectors;

/// <summary>
/// Connectors in assemblies of their own: each folder below <c>connectors/</c> has one, <c>NAME/NAME.dll</c>, with its dependencies beside it. See
/// <c>docs/connectors.md</c>. What cannot be used keeps the process from starting: a service that is silently absent would let jobs wait.
/// </summary>
internal static partial class OwnConnectors
{
    /// <summary>Finds, loads, makes and checks them, in the order of their names. No folder: none.</summary>
    /// <param name="configuration">The process' configuration: <c>JobGrid:Connectors</c>.</param>
    /// <param name="taken">Services that this program does itself.</param>
    /// <exception cref="GridSettingsException">One cannot be used; the message names it, the reason and the mend.</exception>
    public static IReadOnlyList<OwnConnector> Load(IConfiguration configuration, IReadOnlyCollection<string> taken)
    {
        var given = configuration["JobGrid:Connectors:Folder"];
        var root = Path.GetFullPath(given ?? Path.Combine(AppContext.BaseDirectory, "connectors"));
        if (!Directory.Exists(root))
            return given is null ? [] : throw new GridSettingsException($"JobGrid:Connectors:Folder: there is no folder '{root}'");
        if (Directory.EnumerateFiles(root, "*.dll").FirstOrDefault() is { } stray)
            throw Unusable(stray, $"it lies in the folder itself. Give it a folder of its own name: {Path.Combine(root, Path.GetFileNameWithoutExtension(stray), Path.GetFileName(stray))}");
        var found = new List<OwnConnector>();
        foreach (var folder in Directory.EnumerateDirectories(root).Order(StringComparer.Ordinal))
        {
            foreach (var connector in LoadOne(folder, configuration))
            {
                Check(connector, taken, found);
                found.Add(connector);
            }
        }

        return found;
    }

    private static List<OwnConnector> LoadOne(string folder, IConfiguration configuration)
    {
        var name = Path.GetFileName(folder);
        var file = Path.Combine(folder, $"{name}.dll");
        if (!File.Exists(file))
            throw Unusable(file, $"there is no such file. The assembly is named as its folder: build it with <AssemblyName>{name}</AssemblyName>, or rename the folder");
        try
        {
            var assembly = new ConnectorLoadContext(file).LoadFromAssemblyPath(file);
            var types = assembly.GetExportedTypes().Where(t => typeof(IConnector).IsAssignableFrom(t) && t is { IsAbstract: false, IsClass: true }).ToList();
            if (types.Count == 0)
                throw Unusable(file, $"no public class of it implements {typeof(IConnector).FullName}. Build it against this program's {typeof(IConnector).Assembly.GetName().Name}, and leave that assembly out of its folder");
            var settings = new ConnectorSettings(SettingsOf(configuration, name), TimeProvider.System);
            return [.. types.OrderBy(t => t.FullName, StringComparer.Ordinal).Select(t => new OwnConnector(Make(file, t, settings), VersionOf(assembly), file))];
        }
        catch (Exception e) when (e is BadImageFormatException or FileLoadException or FileNotFoundException or TypeLoadException or ReflectionTypeLoadException)
        {
            throw Unusable(file, $"it cannot be loaded: {e.Message} Build it for .NET {Environment.Version.Major} and put its dependencies beside it (dotnet publish)");
        }
    }

    private static IConnector Make(string file, Type type, ConnectorSettings settings)
    {
        try
        {
            return type.GetConstructor([typeof(ConnectorSettings)]) is { } withSettings
                ? (IConnector)withSettings.Invoke([settings])
                : type.GetConstructor([]) is { } plain
                    ? (IConnector)plain.Invoke([])
                    : throw Unusable(file, $"{type.FullName} has no public constructor without parameters, nor one that takes {nameof(ConnectorSettings)} alone");
        }
        catch (TargetInvocationException e)
        {
            throw Unusable(file, $"{type.FullName} could not be made: {e.InnerException!.Message}");
        }
    }

    private static void Check(OwnConnector own, IReadOnlyCollection<string> taken, List<OwnConnector> found)
    {
        var (connector, file) = (own.Connector, own.File);
        var type = connector.GetType().FullName;
        try
        {
            if (connector.Service is not { } service || !ServiceName().IsMatch(service))
                throw Unusable(file, $"{type} does a service named '{connector.Service}'; a name is 1 to 64 characters of A-Z a-z 0-9 . _ -");
            if (taken.Contains(service))
                throw Unusable(file, $"{type} does the service '{service}', which this program or its configuration does already; choose another name");
            if (found.Find(f => f.Connector.Service == service) is { } other)
                throw Unusable(file, $"{type} does the service '{service}', as {other.File} does; remove one of them");
            if (connector.Location == WorkLocation.External && connector is not IExternalConnector)
                throw Unusable(file, $"{type} does its work outside, so it has to implement {nameof(IExternalConnector)}: else nobody could ask what became of it");
            if (connector.DefaultAttemptTimeout <= TimeSpan.Zero)
                throw Unusable(file, $"{type} gives attempts {connector.DefaultAttemptTimeout}; DefaultAttemptTimeout is longer than 0");
        }
        catch (Exception e) when (e is TypeLoadException or MissingMethodException)
        {
            throw Unusable(file, $"{type} was built against another version of {typeof(IConnector).Assembly.GetName().Name}: {e.Message} Build it anew");
        }
    }

    private static Dictionary<string, string> SettingsOf(IConfiguration configuration, string name) =>
        configuration.GetSection($"JobGrid:Connectors:Settings:{name}").AsEnumerable(makePathsRelative: true)
            .Where(s => s.Value is not null)
            .ToDictionary(s => s.Key, s => s.Value!, StringComparer.OrdinalIgnoreCase);

    private static string VersionOf(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? assembly.GetName().Version?.ToString() ?? "unknown";

    private static GridSettingsException Unusable(string file, string why) => new($"The connector '{file}' cannot be used: {why}.");

    [GeneratedRegex("^[A-Za-z0-9._-]{1,64}$")]
    private static partial Regex ServiceName();
}

/// <summary>A connector of an assembly of its own.</summary>
/// <param name="Connector">Made and checked.</param>
/// <param name="Version">The assembly's informational version.</param>
/// <param name="File">The assembly.</param>
internal sealed record OwnConnector(IConnector Connector, string Version, string File);
