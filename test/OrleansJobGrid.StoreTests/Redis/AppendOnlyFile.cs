using OrleansJobGrid.TestKit.Redis;

namespace OrleansJobGrid.StoreTests.Redis;

/// <summary>The last append-only file of a killed server, to be broken off as a crash in the middle of a write does.</summary>
internal sealed class AppendOnlyFile(RedisServer server)
{
    private readonly string _path = Directory.GetFiles(server.AppendOnlyFolder, "*.incr.aof").Single();

    public byte[] Bytes
    {
        get => File.ReadAllBytes(_path);
        set => File.WriteAllBytes(_path, value);
    }

    /// <summary>Where the last MULTI begins.</summary>
    public int LastTransaction => Bytes.AsSpan().LastIndexOf("*1\r\n$5\r\nMULTI\r\n"u8);

    /// <summary>Where the last command with this name begins; it has <paramref name="arguments"/>, its name included.</summary>
    public int Last(string name, int arguments) =>
        Bytes.AsSpan().LastIndexOf(System.Text.Encoding.ASCII.GetBytes($"*{arguments}\r\n${name.Length}\r\n{name}\r\n"));
}
