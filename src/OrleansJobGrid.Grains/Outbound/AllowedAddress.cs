using System.Text.RegularExpressions;

namespace OrleansJobGrid.Grains.Outbound;

/// <summary>
/// Which addresses the grid calls for others: only those that begin as the settings say, since whoever may ask for a call may not reach all
/// that this machine can.
/// </summary>
internal static partial class AllowedAddress
{
    /// <summary>Whether a setting is the beginning of an address.</summary>
    public static bool IsAddress(string text) => Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is ("http" or "https") && address.UserInfo.Length == 0;

    /// <summary>What is wrong with a list of beginnings.</summary>
    public static IEnumerable<string> Faults(string setting, IEnumerable<string> allow) =>
        allow.Where(a => !IsAddress(a)).Select(a => $"{setting} has '{a}'; give the beginning of an address, such as https://hooks.example.org/.");

    /// <summary>Why a path is refused wherever it leads: whoever reads it may unfold it to another one than was compared. Null: it is fine.</summary>
    public static string? Folded(string url) =>
        Unfolding().IsMatch(url.Split('?', '#')[0]) ? $"'{Short(url)}' has a path that leads back; write it out." : null;

    /// <summary>The address, or why it is not called.</summary>
    public static Uri? Check(string url, IEnumerable<string> allow, string setting, out string? refused)
    {
        refused = Folded(url);
        if (refused is not null)
            return null;
        // A user or a trick with the name would make the beginning say something else than the address.
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https") || address.UserInfo.Length > 0)
            refused = $"'{Short(url)}' is no address of HTTP.";
        else if (!allow.Any(a => Uri.TryCreate(a, UriKind.Absolute, out var allowed) && Begins(address, allowed)))
            refused = $"{Shown(address)} is not among {setting}, the addresses that may be called.";
        return refused is null ? address : null;
    }

    /// <summary>Without its query, which may hold a key.</summary>
    public static string Shown(Uri address) => address.GetLeftPart(UriPartial.Path);

    /// <summary>A text from outside, short enough to be shown.</summary>
    public static string Short(string text) => text.Length <= 500 ? text : text[..500] + "…";

    [GeneratedRegex(@"(^|[/\\]|%2f|%5c)(\.|%2e)(\.|%2e)?([/\\]|%2f|%5c|$)|\\|%5c", RegexOptions.IgnoreCase)]
    private static partial Regex Unfolding();

    private static bool Begins(Uri address, Uri allowed) =>
        address.Scheme == allowed.Scheme && address.Host == allowed.Host && address.Port == allowed.Port && address.AbsolutePath.StartsWith(allowed.AbsolutePath, StringComparison.Ordinal);
}
