using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace OrleansJobGrid.Connectors.Http;

/// <summary>Checks what settings with templates have in common, into one list of errors that each name their setting.</summary>
internal sealed class HttpSettingsCheck(List<string> errors)
{
    public void JsonPath(string setting, string path)
    {
        try
        {
            if (path.Length == 0)
                errors.Add($"{setting} is empty; give a JSONPath such as $.result.");
            else
                new JObject().SelectToken(path);
        }
        catch (JsonException e)
        {
            errors.Add($"{setting} '{path}' is no JSONPath: {e.Message}");
        }
    }

    /// <summary>A template that has to be JSON.</summary>
    public void Json(string setting, string template, bool places = true)
    {
        if (places)
            errors.AddRange(HttpTemplate.Errors(template).Select(e => $"{setting}: {e}"));
        try
        {
            HttpTemplate.Parse(template);
        }
        catch (JsonException e)
        {
            errors.Add($"{setting} is no JSON: {e.Message} A place stands in quotes: \"{{{{payload.prompt}}}}\".");
        }
    }

    /// <summary>A template whose places are these alone.</summary>
    public void Places(string setting, string? template, string why, params string[] known)
    {
        if (HttpTemplate.PlacesOf(template).FirstOrDefault(p => !known.Contains(p)) is { } other)
            errors.Add($"{setting} names {{{{{other}}}}}: {why}.");
    }

    public void Files(string setting, IEnumerable<HttpFileOptions> files)
    {
        foreach (var file in files.Where(f => !f.Name.Contains("{n}", StringComparison.Ordinal) && f.Path.Contains('*', StringComparison.Ordinal)))
            errors.Add($"{setting}: the name '{file.Name}' needs {{n}}, since {file.Path} may find several.");
    }

    public void Access(string setting, HttpAuthOptions auth, HttpTlsOptions tls)
    {
        if (auth.Kind != HttpAuthKind.None && auth.Value.Length == 0)
            errors.Add($"{setting}:Auth:Value is missing.");
        if (auth.Kind is HttpAuthKind.Basic or HttpAuthKind.Header or HttpAuthKind.Query && auth.Name.Length == 0)
            errors.Add($"{setting}:Auth:Name is missing: the user, header or parameter.");
        foreach (var file in ((string?[])[tls.CaFile, tls.CertificateFile, tls.KeyFile]).OfType<string>().Where(f => !File.Exists(f)))
            errors.Add($"{setting}:Tls: there is no file '{file}'.");
    }
}
