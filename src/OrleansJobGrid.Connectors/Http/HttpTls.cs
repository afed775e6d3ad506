using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace OrleansJobGrid.Connectors.Http;

/// <summary>Which certificates count on a connection.</summary>
internal static class HttpTls
{
    /// <summary>Null: those of the machine.</summary>
    public static SslClientAuthenticationOptions? Of(HttpTlsOptions options)
    {
        if (options.CaFile is null && options.CertificateFile is null)
            return null;
        var tls = new SslClientAuthenticationOptions();
        if (options.CaFile is { } ca)
        {
            tls.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            tls.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(ca);
        }

        if (options.CertificateFile is { } certificate)
            tls.ClientCertificates = [X509Certificate2.CreateFromPemFile(certificate, options.KeyFile)];
        return tls;
    }
}
