namespace OrleansJobGrid.ConnectorTests.Imaging;

internal static class ExifOrientation
{
    /// <summary>The JPEG file with an EXIF segment whose only tag is the orientation (EXIF 2.32, tag 0x0112).</summary>
    public static byte[] Tag(byte[] jpeg, int orientation)
    {
        byte[] segment =
        [
            0xFF, 0xE1, 0, 34,
            .. "Exif\0\0"u8,
            .. "MM\0*"u8, 0, 0, 0, 8,
            0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, (byte)orientation, 0, 0,
            0, 0, 0, 0,
        ];
        return [.. jpeg[..2], .. segment, .. jpeg[2..]];
    }
}
