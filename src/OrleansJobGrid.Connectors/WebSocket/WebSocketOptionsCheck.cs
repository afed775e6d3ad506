using OrleansJobGrid.Connectors.Http;
using OrleansJobGrid.Connectors.Outside;

namespace OrleansJobGrid.Connectors.WebSockets;

/// <summary>Checks the settings, all at once.</summary>
public static class WebSocketOptionsCheck
{
    private const string Question = "a message about a job knows {{mark}} and {{id}} alone";

    /// <summary>What is wrong, each naming its setting; empty: nothing.</summary>
    public static IReadOnlyList<string> Errors(WebSocketOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var errors = new List<string>();
        foreach (var (name, service) in options.Services)
            Check($"JobGrid:WebSocket:Services:{name}", name, service, errors);
        return errors;
    }

    private static void Check(string setting, string name, WebSocketServiceOptions service, List<string> errors)
    {
        var check = new OutsideSettingsCheck(errors);
        var shared = new HttpSettingsCheck(errors);
        if (!OutsideSettingsCheck.IsName(name))
            errors.Add($"{setting}: a service's name is 1 to 64 characters of A-Z a-z 0-9 . _ -");
        if (service.Instances.Count == 0)
            errors.Add($"{setting}:Instances names no instance; give at least one with its address.");
        check.Instances(setting, service.Instances, service.OnThisMachine, "ws");
        shared.Places($"{setting}:Path", service.Path, "it knows {{mark}} alone", "mark");
        shared.Places($"{setting}:QuestionPath", service.QuestionPath, Question, "mark", "id");
        shared.Json($"{setting}:Submit", service.Submit);
        if (HttpTemplate.Names(service.Submit, "callback"))
            errors.Add($"{setting}:Submit names {{{{callback}}}}, which is for services of JobGrid:Http.");
        if (HttpTemplate.Names(service.Submit, "id"))
            errors.Add($"{setting}:Submit names {{{{id}}}}, which comes with the answer to it.");
        foreach (var (part, message) in ((string, string?)[])[(nameof(service.Query), service.Query), (nameof(service.Cancel), service.Cancel)])
        {
            if (message is null)
                continue;
            shared.Json($"{setting}:{part}", message, places: false);
            shared.Places($"{setting}:{part}", message, Question, "mark", "id");
            if (service.Id is null && (HttpTemplate.Names(message, "id") || HttpTemplate.Names(service.QuestionPath, "id")))
                errors.Add($"{setting}:Id is missing: {part} asks by {{{{id}}}}, and nothing says where a message has it.");
        }

        if (service.Pong is { } pong)
            shared.Json($"{setting}:Pong", pong);
        else if (service.Types.Ping.Count > 0)
            errors.Add($"{setting}:Pong is missing: Types:Ping names messages that it answers.");
        if (service.Id is not null && service.Types.Accepted.Count == 0)
            errors.Add($"{setting}:Types:Accepted is missing: the message that has the Id.");
        Handshake($"{setting}:Handshake", service.Handshake, shared, errors);
        foreach (var (path, at) in PathsOf(service))
            shared.JsonPath($"{setting}:{path}", at);
        Words($"{setting}:Types", service.Types, errors);
        shared.Files($"{setting}:Files", service.Files);
        if (!service.BinaryName.Contains("{n}", StringComparison.Ordinal))
            errors.Add($"{setting}:BinaryName '{service.BinaryName}' needs {{n}}, since there may be several.");
        if (service.MaxMessageMb is < 1 or > 512)
            errors.Add($"{setting}:MaxMessageMb {service.MaxMessageMb} is not within 1 to 512.");
        if (service.KeepAlive != TimeSpan.Zero && (service.KeepAlive < TimeSpan.FromSeconds(1) || service.KeepAlive > TimeSpan.FromMinutes(10)))
            errors.Add($"{setting}:KeepAlive {service.KeepAlive} is neither 0 nor within 1 s to 10 min.");
        shared.Access(setting, service.Auth, service.Tls);
        check.Times(setting, service.PollInterval, service.RequestTimeout, service.SubmitTimeout, service.AttemptTimeout, service.Outage, service.StallTimeout);
    }

    private static void Handshake(string setting, WebSocketHandshakeOptions handshake, HttpSettingsCheck shared, List<string> errors)
    {
        if (handshake.Message is { } message)
        {
            shared.Json($"{setting}:Message", message, places: false);
            shared.Places($"{setting}:Message", message, "it knows {{secret}} alone", "secret");
        }

        if (HttpTemplate.Names(handshake.Message, "secret") && handshake.Secret.Length == 0)
            errors.Add($"{setting}:Secret is missing: Message names {{{{secret}}}}.");
        if (handshake.Ready is { } ready)
            shared.JsonPath($"{setting}:Ready", ready);
        else if (handshake.Value is not null)
            errors.Add($"{setting}:Ready is missing: where Value stands in a message.");
    }

    /// <summary>A word has one meaning.</summary>
    private static void Words(string setting, WebSocketTypeOptions types, List<string> errors)
    {
        var twice = WebSocketTypes.All(types).GroupBy(t => t.Word, StringComparer.OrdinalIgnoreCase).Where(g => g.Select(t => t.Kind).Distinct().Count() > 1);
        errors.AddRange(twice.Select(g => $"{setting} names '{g.Key}' as {string.Join(" and as ", g.Select(t => t.Kind))}; a type has one meaning."));
    }

    private static IEnumerable<(string Name, string Path)> PathsOf(WebSocketServiceOptions service)
    {
        (string Name, string? Path)[] all =
        [
            (nameof(service.Type), service.Type), (nameof(service.Job), service.Job), (nameof(service.Id), service.Id),
            (nameof(service.Progress), service.Progress), (nameof(service.Message), service.Message), (nameof(service.Error), service.Error),
            (nameof(service.Result), service.Result), .. service.Files.Select((f, i) => ($"Files:{i}:Path", (string?)f.Path)),
        ];
        return all.Where(p => p.Path is not null).Select(p => (p.Name, p.Path!));
    }
}
