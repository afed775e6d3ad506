using System.Security.Cryptography;
using System.Text;

namespace OrleansJobGrid.TestService.S3;

/// <summary>An object: its bytes lie in a file.</summary>
internal sealed record S3Object(string Key, string File, long Size, string ETag, string? ContentType, string Sha256, IReadOnlyDictionary<string, string> Metadata, DateTimeOffset Modified);

/// <summary>A multipart upload that is under way.</summary>
internal sealed record S3Multipart(string Key, string Id, string? ContentType, IReadOnlyDictionary<string, string> Metadata, DateTimeOffset Begun)
{
    public SortedDictionary<int, S3Object> Parts { get; } = [];
}

/// <summary>The objects of one bucket, in files of a folder.</summary>
internal sealed class S3Bucket(string folder)
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, S3Object> _objects = new(StringComparer.Ordinal);
    private readonly Dictionary<string, S3Multipart> _multiparts = new(StringComparer.Ordinal);

    public string NewFile() => Path.Combine(folder, Guid.NewGuid().ToString("N"));

    public S3Object? Find(string key)
    {
        lock (_lock)
            return _objects.GetValueOrDefault(key);
    }

    /// <summary>Puts an object in place; false: it must not replace one, and there is one.</summary>
    public bool Put(S3Object put, bool onlyNew)
    {
        lock (_lock)
        {
            if (onlyNew && _objects.ContainsKey(put.Key))
                return false;
            _objects[put.Key] = put;
            return true;
        }
    }

    public void Remove(string key)
    {
        lock (_lock)
            _objects.Remove(key);
    }

    public IReadOnlyList<S3Object> List(string prefix, string after, int limit)
    {
        lock (_lock)
            return [.. _objects.Values.Where(o => o.Key.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(o.Key, after) > 0).Take(limit)];
    }

    public void Age(TimeSpan age)
    {
        lock (_lock)
        {
            foreach (var old in _objects.Values.ToList())
                _objects[old.Key] = old with { Modified = old.Modified - age };
            foreach (var old in _multiparts.Values.ToList())
                _multiparts[old.Id] = old with { Begun = old.Begun - age };
        }
    }

    public void Begin(S3Multipart multipart)
    {
        lock (_lock)
            _multiparts.Add(multipart.Id, multipart);
    }

    public S3Multipart Multipart(string id)
    {
        lock (_lock)
            return _multiparts.GetValueOrDefault(id) ?? throw new S3Error(404, "NoSuchUpload", "The specified multipart upload does not exist.");
    }

    public IReadOnlyList<S3Multipart> Multiparts(string prefix)
    {
        lock (_lock)
            return [.. _multiparts.Values.Where(m => m.Key.StartsWith(prefix, StringComparison.Ordinal)).OrderBy(m => m.Key, StringComparer.Ordinal)];
    }

    public void AddPart(S3Multipart multipart, int number, S3Object part)
    {
        lock (_lock)
            multipart.Parts[number] = part;
    }

    public void Abort(string id)
    {
        lock (_lock)
        {
            if (!_multiparts.Remove(id))
                throw new S3Error(404, "NoSuchUpload", "The specified multipart upload does not exist.");
        }
    }

    /// <summary>Puts the parts named together; null: it must not replace an object, and there is one.</summary>
    public async Task<S3Object?> CompleteAsync(S3Multipart multipart, IReadOnlyList<(int Number, string ETag)> named, bool onlyNew, DateTimeOffset now)
    {
        var parts = named.Select(n => multipart.Parts.TryGetValue(n.Number, out var part) && part.ETag == n.ETag
            ? part
            : throw new S3Error(400, "InvalidPart", $"Part {n.Number} could not be found.")).ToList();
        var file = NewFile();
        await using (var whole = File.Create(file))
        {
            foreach (var part in parts)
            {
                await using var content = File.OpenRead(part.File);
                await content.CopyToAsync(whole);
            }
        }

        await using var read = File.OpenRead(file);
        var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(read));
#pragma warning disable CA5351 // An ETag is made of MD5s.
        var etag = Convert.ToHexStringLower(MD5.HashData(Encoding.ASCII.GetBytes(string.Concat(parts.Select(p => p.ETag))))) + $"-{parts.Count}";
#pragma warning restore CA5351
        var made = new S3Object(multipart.Key, file, read.Length, etag, multipart.ContentType, hash, multipart.Metadata, now);
        lock (_lock)
        {
            if (onlyNew && _objects.ContainsKey(multipart.Key))
                return null;
            _objects[multipart.Key] = made;
            _multiparts.Remove(multipart.Id);
            return made;
        }
    }
}
