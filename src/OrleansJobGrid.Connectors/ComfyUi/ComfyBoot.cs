using System.Security.Cryptography;
using System.Text;

namespace OrleansJobGrid.Connectors.ComfyUi;

/// <summary>
/// ComfyUI says nothing of its boots, but it wipes its folder <c>temp/</c> at each start: a random text that is put there once is the mark of a boot,
/// the same for all who ask.
/// </summary>
internal sealed class ComfyBoot(ComfyHttp http)
{
    private const string FileName = "jobgrid-boot.txt";
    private const int Bytes = 16;

    /// <summary>The mark; null: the server keeps no such file.</summary>
    public async Task<string?> Mark(CancellationToken cancellationToken)
    {
        if (await Read(cancellationToken) is { } mark)
            return mark;
        using var content = new MemoryStream(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Bytes))), writable: false);
        try
        {
            await http.Upload(FileName, "", "temp", content, cancellationToken);
        }
        catch (HttpRequestException e) when (e.StatusCode is { } status && (int)status is >= 400 and < 500)
        {
            // It lets nobody write there.
            return null;
        }

        // Two that upload at once get two names, of which the first is the mark.
        return await Read(cancellationToken);
    }

    private async Task<string?> Read(CancellationToken cancellationToken)
    {
        if (await http.Read(FileName, "", "temp", cancellationToken) is not { Length: 2 * Bytes } bytes)
            return null;
        return Encoding.ASCII.GetString(bytes);
    }
}
