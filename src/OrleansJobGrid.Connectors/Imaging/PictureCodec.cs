using System.Runtime.InteropServices;
using SkiaSharp;

namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>Reads and writes image files; SkiaSharp does nothing else here.</summary>
internal static class PictureCodec
{
    /// <summary>Quality of JPEG and lossy WebP files, 0 to 100.</summary>
    public const int Quality = 90;

    /// <summary>Reads a picture's size from its header.</summary>
    /// <returns>Width and height as a viewer shows them, which EXIF may turn.</returns>
    /// <exception cref="InvalidPictureException">The bytes are no picture, or one that is too large.</exception>
    public static (int Width, int Height) ReadSize(byte[] file)
    {
        using SKData data = SKData.CreateCopy(file);
        using SKCodec codec = Open(data);
        return SwapsAxes(codec.EncodedOrigin) ? (codec.Info.Height, codec.Info.Width) : (codec.Info.Width, codec.Info.Height);
    }

    /// <summary>
    /// Decodes the first frame, turned upright as its EXIF orientation says, its colours converted to sRGB by its embedded profile.
    /// </summary>
    /// <exception cref="InvalidPictureException">The bytes are no picture, a broken one, or one that is too large.</exception>
    public static Picture Decode(byte[] file)
    {
        using SKData data = SKData.CreateCopy(file);
        using SKCodec codec = Open(data);
        using SKColorSpace srgb = SKColorSpace.CreateSrgb();
        var info = new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul, srgb);
        uint[] pixels = new uint[info.Width * info.Height];
        GCHandle pinned = GCHandle.Alloc(pixels, GCHandleType.Pinned);
        try
        {
            SKCodecResult result = codec.GetPixels(info, pinned.AddrOfPinnedObject());
            if (result != SKCodecResult.Success)
            {
                string format = codec.EncodedFormat.ToString().ToLowerInvariant();
                throw new InvalidPictureException($"its {format} data cannot be decoded ({Describe(result)})");
            }
        }
        finally
        {
            pinned.Free();
        }

        return TurnUpright(new Picture(info.Width, info.Height, pixels), codec.EncodedOrigin);
    }

    /// <summary>Encodes a picture; the same pixels give the same bytes.</summary>
    /// <param name="picture">Opaque pixels for <see cref="PictureFormat.Jpeg"/>, which has no alpha.</param>
    /// <param name="format">PNG without loss, JPEG and WebP with <see cref="Quality"/>; all are tagged as sRGB.</param>
    public static byte[] Encode(Picture picture, PictureFormat format)
    {
        using SKColorSpace srgb = SKColorSpace.CreateSrgb();
        SKAlphaType alpha = format == PictureFormat.Jpeg ? SKAlphaType.Opaque : SKAlphaType.Unpremul;
        var info = new SKImageInfo(picture.Width, picture.Height, SKColorType.Rgba8888, alpha, srgb);
        GCHandle pinned = GCHandle.Alloc(picture.Pixels, GCHandleType.Pinned);
        try
        {
            using var pixmap = new SKPixmap(info, pinned.AddrOfPinnedObject());
            using SKData? encoded = format switch
            {
                PictureFormat.Png => pixmap.Encode(new SKPngEncoderOptions(SKPngEncoderFilterFlags.AllFilters, 6)),
                PictureFormat.Jpeg => pixmap.Encode(new SKJpegEncoderOptions(Quality)),
                PictureFormat.Webp => pixmap.Encode(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossy, Quality)),
                _ => throw new ArgumentOutOfRangeException(nameof(format), format, "No encoder."),
            };
            return encoded?.ToArray()
                ?? throw new InvalidOperationException($"A picture of {picture.Width} x {picture.Height} could not be encoded as {format}.");
        }
        finally
        {
            pinned.Free();
        }
    }

    private static SKCodec Open(SKData data)
    {
        SKCodec codec = SKCodec.Create(data)
            ?? throw new InvalidPictureException("it is no picture in a known format (JPEG, PNG, WebP, GIF, BMP, ICO)");
        if (codec.Info.Width <= ImagingLimits.MaxSize && codec.Info.Height <= ImagingLimits.MaxSize)
            return codec;
        (int width, int height) = (codec.Info.Width, codec.Info.Height);
        codec.Dispose();
        throw new InvalidPictureException(
            $"it is {width} x {height} pixels, at most {ImagingLimits.MaxSize} x {ImagingLimits.MaxSize} are read");
    }

    private static string Describe(SKCodecResult result) => result switch
    {
        SKCodecResult.IncompleteInput => "the file ends too early",
        SKCodecResult.ErrorInInput or SKCodecResult.InvalidInput => "the data is damaged",
        _ => result.ToString(),
    };

    private static bool SwapsAxes(SKEncodedOrigin origin) =>
        origin is SKEncodedOrigin.LeftTop or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;

    // An origin names where the stored first row and first column belong in the upright picture (EXIF 2.32, tag 0x0112).
    private static Picture TurnUpright(Picture stored, SKEncodedOrigin origin)
    {
        if (origin is SKEncodedOrigin.TopLeft or SKEncodedOrigin.Default)
            return stored;
        bool swaps = SwapsAxes(origin);
        bool fromRight = origin
            is SKEncodedOrigin.TopRight or SKEncodedOrigin.BottomRight or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom;
        bool fromBottom = origin
            is SKEncodedOrigin.BottomLeft or SKEncodedOrigin.BottomRight or SKEncodedOrigin.LeftBottom or SKEncodedOrigin.RightBottom;
        (int width, int height) = swaps ? (stored.Height, stored.Width) : (stored.Width, stored.Height);
        uint[] upright = new uint[stored.Pixels.Length];
        for (int row = 0; row < stored.Height; row++)
        {
            for (int column = 0; column < stored.Width; column++)
            {
                (int x, int y) = swaps ? (row, column) : (column, row);
                x = fromRight ? width - 1 - x : x;
                y = fromBottom ? height - 1 - y : y;
                upright[(y * width) + x] = stored.Pixels[(row * stored.Width) + column];
            }
        }

        return new Picture(width, height, upright);
    }
}
