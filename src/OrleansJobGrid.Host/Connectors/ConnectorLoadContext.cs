using System.Reflection;
using System.Runtime.Loader;
using OrleansJobGrid.Connectors;

namespace OrleansJobGrid.Host.Connectors;

/// <summary>
/// Loads a connector's assembly with what lies beside it, apart from this program's own versions; only the contract between the two is shared, or
/// its types would be others.
/// </summary>
internal sealed class ConnectorLoadContext(string file) : AssemblyLoadContext(Path.GetFileNameWithoutExtension(file))
{
    private static readonly string Contract = typeof(IConnector).Assembly.GetName().Name!;

    private readonly AssemblyDependencyResolver _resolver = new(file);

    protected override Assembly? Load(AssemblyName assemblyName) =>
        assemblyName.Name != Contract && _resolver.ResolveAssemblyToPath(assemblyName) is { } path ? LoadFromAssemblyPath(path) : null;

    protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
        _resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } path ? LoadUnmanagedDllFromPath(path) : 0;
}
