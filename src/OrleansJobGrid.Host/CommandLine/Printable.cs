namespace OrleansJobGrid.Host.CommandLine;

/// <summary>Text of others, made safe for a terminal and for one line.</summary>
internal static class Printable
{
    /// <summary>Control characters become spaces: a job's message must not be able to steer the terminal.</summary>
    public static string Of(string? text) => text is null || !text.Any(char.IsControl)
        ? text ?? ""
        : string.Create(text.Length, text, (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
                span[i] = char.IsControl(source[i]) ? ' ' : source[i];
        });
}
