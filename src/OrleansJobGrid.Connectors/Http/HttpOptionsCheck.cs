using OrleansJobGrid.Connectors.Outside;

namespace OrleansJobGrid.Connectors.Http;

/// <summary>Checks the settings, all at once.</summary>
public static class HttpOptionsCheck
{
    /// <summary>What is wrong, each naming its setting; empty: nothing.</summary>
    public static IReadOnlyList<string> Errors(HttpOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var errors = new List<string>();
        foreach (var (name, service) in options.Services)
            Check($"JobGrid:Http:Services:{name}", name, service, errors);
        return errors;
    }

    /// <summary>Whether a service is told where to call.</summary>
    public static bool NamesCallback(HttpServiceOptions service)
    {
        ArgumentNullException.ThrowIfNull(service);
        return HttpTemplate.Names(service.Submit.Path, "callback") || HttpTemplate.Names(service.Submit.Body, "callback");
    }

    private static void Check(string setting, string name, HttpServiceOptions service, List<string> errors)
    {
        var check = new OutsideSettingsCheck(errors);
        var shared = new HttpSettingsCheck(errors);
        if (!OutsideSettingsCheck.IsName(name))
            errors.Add($"{setting}: a service's name is 1 to 64 characters of A-Z a-z 0-9 . _ -");
        if (service.Instances.Count == 0)
            errors.Add($"{setting}:Instances names no instance; give at least one with its address.");
        check.Instances(setting, service.Instances, service.OnThisMachine);
        Request($"{setting}:Submit", service.Submit, errors);
        foreach (var (question, request) in ((string, HttpCallOptions?)[])[(nameof(service.Poll), service.Poll), (nameof(service.Cancel), service.Cancel), (nameof(service.Health), service.Health)])
        {
            Request($"{setting}:{question}", request, errors);
            // Whoever asks for another worker has not the job.
            if (HttpTemplate.PlacesOf(request?.Path).Concat(HttpTemplate.PlacesOf(request?.Body)).FirstOrDefault(p => p is not ("mark" or "id")) is { } other)
                errors.Add($"{setting}:{question} names {{{{{other}}}}}: a question knows {{{{mark}}}} and {{{{id}}}} alone.");
        }

        if (service.Mode == HttpMode.Async && service.Poll is null && !NamesCallback(service))
            errors.Add($"{setting}:Poll is missing: a job of Mode Async is asked about by it, unless Submit names {{{{callback}}}}.");
        if (service.Mode != HttpMode.Async && NamesCallback(service))
            errors.Add($"{setting}:Submit names {{{{callback}}}}, which is for Mode Async alone.");
        if (service.Mode == HttpMode.Async && service.Id is null && HttpTemplate.Names(service.Poll?.Path, "id"))
            errors.Add($"{setting}:Id is missing: Poll:Path asks by {{{{id}}}}, and nothing says where the answer has it.");
        foreach (var (path, at) in PathsOf(service))
            shared.JsonPath($"{setting}:{path}", at);
        shared.Files($"{setting}:Files", service.Files);
        shared.Access(setting, service.Auth, service.Tls);
        check.Times(setting, service.PollInterval, service.RequestTimeout, service.SubmitTimeout, service.AttemptTimeout, service.Outage, service.StallTimeout);
    }

    private static IEnumerable<(string Name, string Path)> PathsOf(HttpServiceOptions service)
    {
        (string Name, string? Path)[] all =
        [
            (nameof(service.Id), service.Id), (nameof(service.State), service.State), (nameof(service.Progress), service.Progress),
            (nameof(service.Message), service.Message), (nameof(service.Error), service.Error), (nameof(service.Result), service.Result),
            ("Stream:Text", service.Stream.Text), ("Stream:IsLast", service.Stream.IsLast), ("Stream:Failed", service.Stream.Failed),
            .. service.Files.Select((f, i) => ($"Files:{i}:Path", (string?)f.Path)),
        ];
        return all.Where(p => p.Path is not null).Select(p => (p.Name, p.Path!));
    }

    private static void Request(string setting, HttpCallOptions? request, List<string> errors)
    {
        if (request is null)
            return;
        if (request.Method.Length == 0 || !request.Method.All(char.IsAsciiLetter))
            errors.Add($"{setting}:Method '{request.Method}' is no method such as POST.");
        errors.AddRange(HttpTemplate.Errors(request.Path).Select(e => $"{setting}:Path: {e}"));
        if (request.Body is null)
            return;
        new HttpSettingsCheck(errors).Json($"{setting}:Body", request.Body);
    }
}
