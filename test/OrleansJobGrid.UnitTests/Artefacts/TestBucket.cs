using OrleansJobGrid.Artefacts;
using OrleansJobGrid.TestService.S3;

namespace OrleansJobGrid.UnitTests.Artefacts;

internal static class TestBucket
{
    /// <summary>What leads to the server's bucket.</summary>
    public static ArtefactOptions Options(this S3Server server, string prefix = "") => new()
    {
        Kind = ArtefactBackend.S3,
        Bucket = S3Server.Bucket,
        Prefix = prefix,
        Endpoint = server.Url.ToString(),
        Region = S3Server.Region,
        AccessKey = S3Server.AccessKey,
        SecretKey = S3Server.SecretKey,
    };
}
