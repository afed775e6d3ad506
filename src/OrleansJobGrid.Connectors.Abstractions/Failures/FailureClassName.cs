namespace OrleansJobGrid.Connectors.Failures;

/// <summary>The names of failure classes in records, configuration and the API.</summary>
public static class FailureClassName
{
    private static readonly (FailureClass Class, string Name)[] Names =
    [
        (FailureClass.Transient, "transient"), (FailureClass.ResourceExhaustion, "resource_exhaustion"), (FailureClass.Malformed, "malformed"),
        (FailureClass.Refused, "refused"), (FailureClass.Unauthorized, "unauthorized"), (FailureClass.RateLimited, "rate_limited"),
        (FailureClass.MissingHere, "missing_here"),
    ];

    /// <summary>All names.</summary>
    public static IEnumerable<string> All => Names.Select(n => n.Name);

    /// <summary>The name of a class.</summary>
    public static string Of(FailureClass failureClass)
    {
        foreach (var (known, name) in Names)
        {
            if (known == failureClass)
                return name;
        }
        throw new ArgumentOutOfRangeException(nameof(failureClass), failureClass, "No such class of failure.");
    }

    /// <summary>The class of a name.</summary>
    public static bool TryRead(string name, out FailureClass failureClass)
    {
        var at = Array.FindIndex(Names, n => n.Name == name);
        failureClass = at < 0 ? default : Names[at].Class;
        return at >= 0;
    }
}
