using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json.Nodes;

namespace OrleansJobGrid.TestService.ComfyUi;

/// <summary>The folders <c>input</c>, <c>output</c> and <c>temp</c>.</summary>
internal sealed class ComfyFolder(string root)
{
    /// <summary>At each start of the server.</summary>
    public void WipeTemp()
    {
        if (Directory.Exists(Path.Combine(root, "temp")))
            Directory.Delete(Path.Combine(root, "temp"), recursive: true);
    }

    /// <summary>A file's path; null: it is none of these folders, or outside of them.</summary>
    public string? PathOf(string type, string subfolder, string file)
    {
        if (type is not ("input" or "output" or "temp"))
            return null;
        var home = Path.Combine(root, type);
        var path = Path.GetFullPath(Path.Combine(home, subfolder, file));
        return path.StartsWith(home + Path.DirectorySeparatorChar, StringComparison.Ordinal) ? path : null;
    }

    public bool HasInput(string name) => PathOf("input", "", name) is { } path && File.Exists(path);

    public ComfyImage Load(string name)
    {
        var bytes = File.ReadAllBytes(PathOf("input", "", name)!);
        if (bytes.Length < 33 || bytes[1] != 'P')
            throw new ComfyNodeException("PIL.UnidentifiedImageError", $"cannot identify image file '{name}'");
        return new(BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(16)), BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(20)), 0, 1);
    }

    public JsonArray Save(string type, string prefix, ComfyImage image)
    {
        var slash = prefix.LastIndexOf('/');
        var (subfolder, stem) = slash < 0 ? ("", prefix) : (prefix[..slash], prefix[(slash + 1)..]);
        var folder = Path.GetDirectoryName(PathOf(type, subfolder, "x") ?? throw new ComfyNodeException("Exception", "Saving image outside the output folder is not allowed."))!;
        Directory.CreateDirectory(folder);
        var next = Directory.EnumerateFiles(folder, $"{stem}_*_.png")
            .Select(f => int.TryParse(Path.GetFileName(f)[(stem.Length + 1)..^5], NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0)
            .DefaultIfEmpty(0).Max() + 1;
        var saved = new JsonArray();
        for (var i = 0; i < image.Batch; i++)
        {
            var file = string.Create(CultureInfo.InvariantCulture, $"{stem}_{next + i:00000}_.png");
            File.WriteAllBytes(Path.Combine(folder, file), FlatPng.Of(image.Width, image.Height, image.Color));
            saved.Add(new JsonObject { ["filename"] = file, ["subfolder"] = subfolder, ["type"] = type });
        }

        return saved;
    }

    /// <summary>Keeps an upload, and returns the name that it got.</summary>
    public string Upload(string path, byte[] content, bool sameBytesSameName)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var name = Path.GetFileName(path);
        for (var n = 1; File.Exists(path); n++)
        {
            if (sameBytesSameName && File.ReadAllBytes(path).AsSpan().SequenceEqual(content))
                return Path.GetFileName(path);
            path = Path.Combine(Path.GetDirectoryName(path)!, $"{Path.GetFileNameWithoutExtension(name)} ({n}){Path.GetExtension(name)}");
        }

        File.WriteAllBytes(path, content);
        return Path.GetFileName(path);
    }
}
