using System.Text;

namespace OrleansJobGrid.Connectors.Http;

/// <summary>How requests say who the worker is.</summary>
internal static class HttpAuth
{
    public static IEnumerable<KeyValuePair<string, string>> HeadersOf(HttpAuthOptions auth) => auth.Kind switch
    {
        HttpAuthKind.Bearer => [new("Authorization", $"Bearer {auth.Value}")],
        HttpAuthKind.Basic => [new("Authorization", $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{auth.Name}:{auth.Value}"))}")],
        HttpAuthKind.Header => [new(auth.Name, auth.Value)],
        _ => [],
    };

    /// <summary>A path, with the parameter of <see cref="HttpAuthKind.Query"/> where there is one.</summary>
    public static string PathWith(HttpAuthOptions auth, string path) => auth.Kind == HttpAuthKind.Query
        ? $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{Uri.EscapeDataString(auth.Name)}={Uri.EscapeDataString(auth.Value)}"
        : path;
}
