using System.Globalization;

namespace OrleansJobGrid.Chaos;

/// <summary>Options of a command line as <c>--name value</c>.</summary>
internal sealed class OptionValues
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    private OptionValues()
    {
    }

    /// <summary>Reads the pairs; throws <see cref="ArgumentException"/> for a name that is not known or has no value.</summary>
    public static OptionValues Read(string[] args, IReadOnlyCollection<string> names)
    {
        var read = new OptionValues();
        for (var i = 0; i < args.Length; i += 2)
        {
            if (!names.Contains(args[i]) || i + 1 == args.Length)
                throw new ArgumentException($"'{args[i]}' is no option with a value.");
            read._values[args[i]] = args[i + 1];
        }

        return read;
    }

    /// <summary>Null: it was not given.</summary>
    public string? Text(string name) => _values.GetValueOrDefault(name);

    public string Text(string name, string otherwise) => Text(name) ?? otherwise;

    /// <summary>Throws <see cref="ArgumentException"/> naming the range.</summary>
    public double Number(string name, double otherwise, double least, double most) => Text(name) is not { } text
        ? otherwise
        : double.TryParse(text, CultureInfo.InvariantCulture, out var n) && n >= least && n <= most
            ? n
            : throw new ArgumentException($"{name} takes a number from {least} to {most}, not '{text}'.");
}
