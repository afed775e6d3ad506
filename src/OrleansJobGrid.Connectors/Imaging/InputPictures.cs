namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>The inputs of one attempt.</summary>
internal sealed class InputPictures(IJobFiles files, IReadOnlyList<string> inputs)
{
    /// <summary>Largest file that is read, in bytes.</summary>
    private const int MaxFile = 512 * 1024 * 1024;

    /// <summary>The sizes of all inputs, from their headers.</summary>
    /// <exception cref="InputException">An input is missing or is no picture.</exception>
    public async Task<IReadOnlyList<(int Width, int Height)>> ReadSizesAsync(CancellationToken cancellationToken)
    {
        var sizes = new (int, int)[inputs.Count];
        for (int index = 0; index < inputs.Count; index++)
            sizes[index] = await ReadAsync(index, PictureCodec.ReadSize, cancellationToken);
        return sizes;
    }

    /// <summary>Decodes an input.</summary>
    /// <exception cref="InputException">The input is missing or is no picture.</exception>
    public Task<Picture> DecodeAsync(int index, CancellationToken cancellationToken) => ReadAsync(index, PictureCodec.Decode, cancellationToken);

    private async Task<T> ReadAsync<T>(int index, Func<byte[], T> read, CancellationToken cancellationToken)
    {
        string name = $"inputs[{index}] ('{inputs[index]}')";
        try
        {
            await using Stream stream = await files.OpenInputAsync(inputs[index], cancellationToken);
            return read(await ReadFileAsync(stream, cancellationToken));
        }
        catch (InvalidPictureException exception)
        {
            throw new InputException("invalid_input_image", $"{name}: {exception.Message}; upload another file and name its id.", exception);
        }
        catch (ArtefactMissingException exception)
        {
            throw new InputException("invalid_payload", $"{name}: {exception.Message}", exception);
        }
    }

    private static async Task<byte[]> ReadFileAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var file = new MemoryStream();
        byte[] buffer = new byte[128 * 1024];
        for (int read; (read = await stream.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            if (file.Length + read > MaxFile)
                throw new InvalidPictureException($"the file is larger than {MaxFile / 1024 / 1024} MiB");
            file.Write(buffer, 0, read);
        }

        return file.ToArray();
    }
}

/// <summary>An input cannot be used; the job is malformed.</summary>
internal sealed class InputException(string reason, string message, Exception inner) : Exception(message, inner)
{
    /// <summary>The failure's reason.</summary>
    public string Reason { get; } = reason;
}
