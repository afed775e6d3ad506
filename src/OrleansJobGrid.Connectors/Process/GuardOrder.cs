using System.Text;

namespace OrleansJobGrid.Connectors.Processes;

/// <summary>
/// What a guard is told on its stdin, first: what to run and what to write. After it come single bytes: <see cref="Heartbeat"/>,
/// or <see cref="Terminate"/>; the end of the stream means that the worker is gone.
/// </summary>
internal sealed record GuardOrder
{
    internal const byte Heartbeat = (byte)'h';
    internal const byte Terminate = (byte)'T';

    internal required IReadOnlyList<string> GuardCommand { get; init; }
    internal required string Path { get; init; }
    internal required IReadOnlyList<string> Args { get; init; }

    /// <summary>The child's whole environment, as NAME=value.</summary>
    internal required IReadOnlyList<string> Env { get; init; }
    internal required string WorkingFolder { get; init; }
    internal required string StdinFile { get; init; }
    internal required string RecordFile { get; init; }
    internal required string StatusFile { get; init; }
    internal required TimeSpan Silence { get; init; }
    internal required TimeSpan StopGrace { get; init; }

    /// <summary>Set by the guard for its launcher.</summary>
    internal int GuardPid { get; init; }

    internal byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        Write(writer, GuardCommand);
        writer.Write(Path);
        Write(writer, Args);
        Write(writer, Env);
        writer.Write(WorkingFolder);
        writer.Write(StdinFile);
        writer.Write(RecordFile);
        writer.Write(StatusFile);
        writer.Write(Silence.Ticks);
        writer.Write(StopGrace.Ticks);
        writer.Write(GuardPid);
        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>Reads no byte beyond the order.</summary>
    internal static GuardOrder Read(Stream stream)
    {
        using var reader = new BinaryReader(stream, Encoding.UTF8, leaveOpen: true);
        return new GuardOrder
        {
            GuardCommand = ReadList(reader),
            Path = reader.ReadString(),
            Args = ReadList(reader),
            Env = ReadList(reader),
            WorkingFolder = reader.ReadString(),
            StdinFile = reader.ReadString(),
            RecordFile = reader.ReadString(),
            StatusFile = reader.ReadString(),
            Silence = TimeSpan.FromTicks(reader.ReadInt64()),
            StopGrace = TimeSpan.FromTicks(reader.ReadInt64()),
            GuardPid = reader.ReadInt32(),
        };
    }

    private static void Write(BinaryWriter writer, IReadOnlyList<string> texts)
    {
        writer.Write(texts.Count);
        foreach (var text in texts)
            writer.Write(text);
    }

    private static string[] ReadList(BinaryReader reader)
    {
        var texts = new string[reader.ReadInt32()];
        for (var i = 0; i < texts.Length; i++)
            texts[i] = reader.ReadString();
        return texts;
    }
}
