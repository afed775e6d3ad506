using System.Globalization;
using System.Reflection;
using StackExchange.Redis;

namespace OrleansJobGrid.Storage.Redis;

/// <summary>A script of <c>Scripts/</c>, as embedded; each file's head says its keys, arguments and promise.</summary>
internal sealed class RedisScript
{
    // Before the scripts, which take it in.
    private static readonly string Clock = Read("clock");

    public static readonly RedisScript Apply = new("apply");
    public static readonly RedisScript EndSession = new("end_session");
    public static readonly RedisScript MarkPass = new("mark_pass");
    public static readonly RedisScript OpenStore = new("open_store");
    public static readonly RedisScript ReadIndex = new("read_index");
    public static readonly RedisScript ReadOutbox = new("read_outbox");
    public static readonly RedisScript ReadSessions = new("read_sessions");
    public static readonly RedisScript SetOutbox = new("set_outbox");
    public static readonly RedisScript TakeSequence = new("take_sequence");
    public static readonly RedisScript WriteDocument = new("write_document");
    public static readonly RedisScript WriteSession = new("write_session");

    public static readonly IReadOnlyList<RedisScript> All =
        [Apply, EndSession, MarkPass, OpenStore, ReadIndex, ReadOutbox, ReadSessions, SetOutbox, TakeSequence, WriteDocument, WriteSession];

    // What SCRIPT LOAD answered; the same on every server, since it is a hash of the text.
    private byte[]? _hash;

    private RedisScript(string name)
    {
        Name = name;
        Text = Read(name).Replace("-- include clock.lua\n", Clock, StringComparison.Ordinal);
    }

    public string Name { get; }

    public string Text { get; }

    private static string Read(string name)
    {
        var resource = $"{typeof(RedisScript).Namespace}.Scripts.{name}.lua";
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"The assembly lacks its resource {resource}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>Loads the script into a server.</summary>
    public async Task LoadAsync(IServer server) =>
        _hash = Convert.FromHexString(((string?)await server.ExecuteAsync("SCRIPT", "LOAD", Text))!);

    /// <summary>Runs the script by its hash, and by its text where the server does not have it: after a restart or a failover.</summary>
    public async Task<RedisResult> RunAsync(IDatabase database, RedisKey[] keys, RedisValue[] values)
    {
        if (_hash is { } hash)
        {
            try
            {
                return await database.ScriptEvaluateAsync(hash, keys, values);
            }
            catch (RedisServerException fault) when (fault.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
            {
                // Nothing ran. EVAL below runs the text and keeps it under its hash again.
            }
        }
        var arguments = new List<object>(2 + keys.Length + values.Length) { Text, keys.Length.ToString(CultureInfo.InvariantCulture) };
        arguments.AddRange(keys.Cast<object>());
        arguments.AddRange(values.Cast<object>());
        return await database.ExecuteAsync("EVAL", arguments);
    }
}
