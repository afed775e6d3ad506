using Microsoft.Extensions.Options;

namespace OrleansJobGrid.Host.Hosting;

/// <summary>A setting of this process is wrong: nothing was started.</summary>
public sealed class GridSettingsException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether an exception on the way to a running grid tells of a setting.</summary>
    internal static bool IsCause(Exception e) => e is OptionsValidationException or InvalidDataException or FormatException
        || (e is InvalidOperationException
            && e.TargetSite?.DeclaringType?.Namespace?.StartsWith("Microsoft.Extensions.Configuration", StringComparison.Ordinal) == true);

    internal static GridSettingsException Of(Exception e) =>
        new(e is OptionsValidationException options ? Named(options) : $"{e.Message} {e.InnerException?.Message}".TrimEnd(), e);

    /// <summary>By the names of the file, which are what the operator wrote.</summary>
    private static string Named(OptionsValidationException e) =>
        string.Join(" ", e.Failures).Replace($"{e.OptionsType.Name}.", KnownSettings.SectionOf(e.OptionsType), StringComparison.Ordinal);
}
