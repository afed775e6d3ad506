using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.ComfyUi;
using OrleansJobGrid.Connectors.Http;
using OrleansJobGrid.Connectors.WebSockets;
using OrleansJobGrid.TestKit.Connectors;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Outside;

/// <summary>A server whose certificate is for <c>localhost</c>, and is trusted by nobody who was not told to.</summary>
public sealed class CertificateTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("jobgrid-tls-").FullName;
    private readonly WebApplication _app;

    public CertificateTests()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var made = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        File.WriteAllText(CaFile, made.ExportCertificatePem());
        // A key that is only in memory is not enough for every platform's TLS.
        var certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, o => o.UseHttps(certificate)));
        _app = builder.Build();
        _app.Run(http => http.Response.WriteAsync("7"));
    }

    private string CaFile => Path.Combine(_folder, "ca.pem");

    private int Port => new Uri(_app.Urls.Single()).Port;

    public async ValueTask InitializeAsync() => await _app.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("localhost", true, true)]
    [InlineData("127.0.0.1", true, false)]
    [InlineData("localhost", false, false)]
    public async Task A_service_is_spoken_to_where_its_certificate_is_trusted_and_bears_its_name(string host, bool trusted, bool completes)
    {
        var options = new HttpServiceOptions();
        options.Instances["a"] = $"https://{host}:{Port}";
        options.Tls.CaFile = trusted ? CaFile : null;
        using var connector = new HttpConnector("s", options, TimeProvider.System);
        var result = await connector.ExecuteAsync(new FakeJobContext("{}") { UsableInstances = ["s/a"] }, TestContext.Current.CancellationToken);
        if (completes)
            Assert.IsType<CompletedResult>(result);
        else
            IsRefusedForItsCertificate(result);
    }

    [Fact]
    public async Task A_ComfyUI_with_a_certificate_that_does_not_match_gets_nothing()
    {
        var options = new ComfyUiOptions();
        options.Instances["a"] = $"https://127.0.0.1:{Port}";
        using var connector = new ComfyUiConnector(options, TimeProvider.System);
        var job = new FakeJobContext("""{"workflow": {"1": {"class_type": "PreviewImage"}}}""") { UsableInstances = ["comfyui/a"] };
        IsRefusedForItsCertificate(await connector.ExecuteAsync(job, TestContext.Current.CancellationToken));
        Assert.Empty(job.Submitted);
    }

    [Theory]
    [InlineData("localhost", true, true)]
    [InlineData("127.0.0.1", true, false)]
    [InlineData("localhost", false, false)]
    public async Task A_WebSocket_begins_where_the_certificate_is_trusted_and_bears_the_name(string host, bool trusted, bool begins)
    {
        var options = new WebSocketServiceOptions { Submit = "1" };
        options.Instances["a"] = $"wss://{host}:{Port}";
        options.Tls.CaFile = trusted ? CaFile : null;
        using var connector = new WebSocketConnector("s", options, TimeProvider.System);
        var result = await connector.ExecuteAsync(new FakeJobContext("{}") { UsableInstances = ["s/a"] }, TestContext.Current.CancellationToken);
        if (begins)
            Assert.Equal("unexpected_response", Assert.IsType<FailedResult>(result).Reason);
        else
            IsRefusedForItsCertificate(result);
    }

    private static void IsRefusedForItsCertificate(ConnectorResult result)
    {
        var failed = Assert.IsType<FailedResult>(result);
        Assert.Equal((FailureClass.Transient, "tls_failure"), (failed.Class, failed.Reason));
        Assert.Contains("certificate", failed.Message, StringComparison.Ordinal);
    }
}
