namespace OrleansJobGrid.Artefacts.Callbacks;

/// <summary>Where services call back (<c>JobGrid:Callbacks</c>). The same on gateways and workers.</summary>
public sealed class CallbackOptions
{
    /// <summary>Shortest <see cref="Key"/>.</summary>
    public const int ShortestKey = 32;

    /// <summary>Address of a gateway as services reach it, <c>http</c> or <c>https</c>; workers put it into <c>{{callback}}</c>. Default none.</summary>
    public string Address { get; set; } = "";

    /// <summary>
    /// The secret that calls are signed with, at least 32 characters; give it by an environment variable. Another one refuses the calls for what
    /// was sent before. Default none: no calls are taken.
    /// </summary>
    public string Key { get; set; } = "";

    /// <summary>What is wrong, each naming its setting; empty: nothing.</summary>
    public IEnumerable<string> Errors()
    {
        if (Address.Length > 0 && (!Uri.TryCreate(Address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.Query.Length + uri.Fragment.Length > 0))
            yield return $"JobGrid:Callbacks:Address '{Address}' is not an address such as https://grid.example.";
        if (Key.Length is > 0 and < ShortestKey)
            yield return $"JobGrid:Callbacks:Key has {Key.Length} characters; give at least {ShortestKey} that nobody can guess.";
    }
}
