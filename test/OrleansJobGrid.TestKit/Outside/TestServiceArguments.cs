using System.Globalization;

namespace OrleansJobGrid.TestKit.Outside;

/// <summary>How a test starts the outside service.</summary>
public sealed record TestServiceArguments
{
    public int Slots { get; init; } = 16;

    /// <summary>Whether what ended survives a restart of the service.</summary>
    public bool Keeps { get; init; }

    public TimeSpan AnswerDelay { get; init; }

    public IEnumerable<string> ToCommandLine(int port, string folder)
    {
        static string Text(int n) => n.ToString(CultureInfo.InvariantCulture);
        string[] always =
        [
            "--port", Text(port), "--log", Path.Combine(folder, "log"), "--slots", Text(Slots),
            "--answer-delay", Text((int)AnswerDelay.TotalMilliseconds),
        ];
        return Keeps ? [.. always, "--keep", Path.Combine(folder, "kept")] : always;
    }
}
