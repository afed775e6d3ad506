using System.Net;
using OrleansJobGrid.Connectors.Outside;

namespace OrleansJobGrid.Connectors.Http;

/// <summary>Opens files that a service names by their address.</summary>
internal sealed class HttpFiles(OutsideHttp http) : IDisposable
{
    private readonly HttpClient _elsewhere = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false }) { Timeout = TimeSpan.FromMinutes(5) };

    /// <summary>Opens a file that an answer names; null: it is not there. Credentials go to the instance alone; another place has to be one with https.</summary>
    public async Task<HttpResponseMessage?> Open(string url, CancellationToken cancellationToken)
    {
        var address = new Uri(http.Home, url);
        var here = address.Authority == http.Home.Authority && address.Scheme == http.Home.Scheme;
        if (!here && address.Scheme != Uri.UriSchemeHttps)
            throw new InvalidDataException($"'{http.Id}' names a file at {address.Scheme}://{address.Authority}, which is neither itself nor a place with https.");
        var answer = here ? await http.Open(address, cancellationToken) : await _elsewhere.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (answer.IsSuccessStatusCode)
            return answer;
        using (answer)
        {
            return answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone
                ? null
                : throw new HttpRequestException($"{address.Scheme}://{address.Authority} answered {(int)answer.StatusCode} for a file of '{http.Id}'.", null, answer.StatusCode);
        }
    }

    public void Dispose() => _elsewhere.Dispose();
}
