using System.Net;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;

namespace OrleansJobGrid.Artefacts.S3;

/// <summary>One bucket of a service, and what every call to it has in common: keys begin with the prefix, faults name the place.</summary>
internal sealed class S3Bucket : IDisposable
{
    private const string DefaultRegion = "us-east-1";

    private readonly string _endpoint;

    public S3Bucket(ArtefactOptions options)
    {
        Name = options.Bucket!;
        Prefix = options.Prefix.Length == 0 || options.Prefix.EndsWith('/') ? options.Prefix : options.Prefix + "/";
        var config = new AmazonS3Config
        {
            ForcePathStyle = options.PathStyle ?? options.Endpoint is not null,
            // The content's own SHA-256 goes with every write; services other than Amazon's refuse the checksums that the SDK would add.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            RetryMode = RequestRetryMode.Standard,
            MaxErrorRetry = 4,
        };
        if (options.Endpoint is { } endpoint)
        {
            config.ServiceURL = endpoint;
            config.AuthenticationRegion = options.Region ?? DefaultRegion;
        }
        else
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(options.Region);
        }

        Client = options.AccessKey is { } id ? new AmazonS3Client(id, options.SecretKey, config) : new AmazonS3Client(config);
        _endpoint = options.Endpoint ?? $"Amazon S3 in {options.Region}";
        Location = $"bucket '{Name}'{(Prefix.Length == 0 ? "" : $" under '{Prefix}'")} at {_endpoint}";
    }

    public AmazonS3Client Client { get; }

    public string Name { get; }

    public string Prefix { get; }

    /// <summary>For messages.</summary>
    public string Location { get; }

    public string Key(params string[] parts) => Prefix + string.Join('/', parts);

    /// <summary>Makes a call; what goes wrong with it is told as <see cref="ArtefactStoreException"/>.</summary>
    public async Task<T> Call<T>(string what, Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (Exception e) when (Fault(what, e) is { } fault)
        {
            throw fault;
        }
    }

    /// <summary>The same, where a refusal of one status is an answer: null.</summary>
    public async Task<T?> CallOrNull<T>(string what, HttpStatusCode expected, Func<Task<T>> call)
        where T : class
    {
        try
        {
            return await call();
        }
        catch (AmazonS3Exception e) when (e.StatusCode == expected && e.ErrorCode != "NoSuchBucket")
        {
            return null;
        }
        catch (Exception e) when (Fault(what, e) is { } fault)
        {
            throw fault;
        }
    }

    public void Dispose() => Client.Dispose();

    /// <summary>What an exception of a call means; null: it is none of the service's.</summary>
    public ArtefactStoreException? Fault(string what, Exception e) => e switch
    {
        ArtefactStoreException own => own,
        AmazonS3Exception s3 => new($"{what} in {Location} failed: {s3.ErrorCode} ({(int)s3.StatusCode}). {Advice(s3)}".TrimEnd(), e),
        AmazonServiceException service => new($"{what} in {Location} failed: {service.ErrorCode ?? service.Message}.", e),
        AmazonClientException client => new($"{what} in {Location} failed: {client.Message}", e),
        HttpRequestException http => new($"{what} in {Location} failed: {http.Message}", e),
        IOException io => new($"{what} in {Location} broke off: {io.Message}", e),
        TimeoutException => new($"{what} in {Location} had no answer in time.", e),
        _ => null,
    };

    private static string Advice(AmazonS3Exception e) => e.ErrorCode switch
    {
        "NoSuchBucket" => "Make the bucket, or mend JobGrid:Artefacts:Bucket.",
        "AccessDenied" => "The key must be allowed to read, write, list and delete there.",
        "InvalidAccessKeyId" or "SignatureDoesNotMatch" => "Mend JobGrid:Artefacts:AccessKey and SecretKey.",
        "AuthorizationHeaderMalformed" => "Mend JobGrid:Artefacts:Region.",
        "RequestTimeTooSkewed" => "Set the clock of this machine.",
        "SlowDown" => "The service asks for fewer requests.",
        _ => "",
    };
}
