using System.Reflection;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Artefacts.Callbacks;
using OrleansJobGrid.Connectors.A1111;
using OrleansJobGrid.Connectors.ComfyUi;
using OrleansJobGrid.Connectors.Failures;
using OrleansJobGrid.Connectors.Http;
using OrleansJobGrid.Connectors.Imaging;
using OrleansJobGrid.Connectors.Processes;
using OrleansJobGrid.Connectors.Rest;
using OrleansJobGrid.Connectors.Simulation;
using OrleansJobGrid.Connectors.WebSockets;
using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Gateway.Hosting;
using OrleansJobGrid.Grains.Events;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Grains.Reconciliation;
using OrleansJobGrid.Grains.Sagas;
using OrleansJobGrid.Workers.Hosting;
using WebSocketOptions = OrleansJobGrid.Connectors.WebSockets.WebSocketOptions;

namespace OrleansJobGrid.Host.Hosting;

/// <summary>The names of settings: one that nobody reads was meant to be another.</summary>
internal static class KnownSettings
{
    private static readonly string[] Worker = [.. NamesOf(typeof(WorkerOptions)), .. WorkerSettings.FreeSections];
    private static readonly string[] CustomerAccess = NamesOf(typeof(CustomerAccessOptions));
    private static readonly string[] Hardware = NamesOf(typeof(HardwareOptions));
    private static readonly string[] Requires = NamesOf(typeof(WorkerRequires));

    private static readonly Dictionary<string, string[]> Sections = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Artefacts"] = NamesOf(typeof(ArtefactOptions)),
        ["Worker"] = Worker,
        ["Simulation"] = NamesOf(typeof(SimulationOptions)),
        ["Imaging"] = NamesOf(typeof(ImagingOptions)),
        ["Process"] = NamesOf(typeof(ProcessOptions)),
        ["ComfyUi"] = NamesOf(typeof(ComfyUiOptions)),
        ["A1111"] = NamesOf(typeof(A1111Options)),
        ["Http"] = NamesOf(typeof(HttpOptions)),
        ["WebSocket"] = NamesOf(typeof(WebSocketOptions)),
        ["Rest"] = NamesOf(typeof(RestOptions)),
        ["Keep"] = NamesOf(typeof(KeepOptions)),
        ["Sagas"] = NamesOf(typeof(SagaOptions)),
        ["Reconciliation"] = NamesOf(typeof(ReconciliationOptions)),
        ["Events"] = NamesOf(typeof(EventOptions)),
        ["Recovery"] = NamesOf(typeof(RecoveryOptions)),
        ["Callbacks"] = NamesOf(typeof(CallbackOptions)),
        ["Gateway"] = NamesOf(typeof(GatewayOptions)),
        ["Failures"] = NamesOf(typeof(FailureOptions)),
        ["Silo"] = ["Address", "Listen"],
        ["Connectors"] = ["Folder", "Settings"],
    };

    private static readonly string[] RuleNames = NamesOf(typeof(FailureRuleOptions));
    private static readonly string[] RetryNames = NamesOf(typeof(RetryOptions));
    private static readonly string[] HttpService = NamesOf(typeof(HttpServiceOptions));

    private static readonly Dictionary<string, string[]> HttpParts = new()
    {
        [nameof(HttpServiceOptions.Submit)] = NamesOf(typeof(HttpCallOptions)),
        [nameof(HttpServiceOptions.Poll)] = NamesOf(typeof(HttpCallOptions)),
        [nameof(HttpServiceOptions.Cancel)] = NamesOf(typeof(HttpCallOptions)),
        [nameof(HttpServiceOptions.Health)] = NamesOf(typeof(HttpCallOptions)),
        [nameof(HttpServiceOptions.Auth)] = NamesOf(typeof(HttpAuthOptions)),
        [nameof(HttpServiceOptions.Tls)] = NamesOf(typeof(HttpTlsOptions)),
        [nameof(HttpServiceOptions.States)] = NamesOf(typeof(HttpStateOptions)),
        [nameof(HttpServiceOptions.Stream)] = NamesOf(typeof(HttpStreamOptions)),
    };

    private static readonly string[] Supervised = NamesOf(typeof(ComfySuperviseOptions));
    private static readonly string[] WebSocketService = NamesOf(typeof(WebSocketServiceOptions));

    private static readonly Dictionary<string, string[]> WebSocketParts = new()
    {
        [nameof(WebSocketServiceOptions.Handshake)] = NamesOf(typeof(WebSocketHandshakeOptions)),
        [nameof(WebSocketServiceOptions.Types)] = NamesOf(typeof(WebSocketTypeOptions)),
        [nameof(WebSocketServiceOptions.Auth)] = NamesOf(typeof(HttpAuthOptions)),
        [nameof(WebSocketServiceOptions.Tls)] = NamesOf(typeof(HttpTlsOptions)),
    };

    private static readonly string[] RestService = NamesOf(typeof(RestServiceOptions));

    private static readonly string[] StateSource = NamesOf(typeof(StateSourceOptions));

    private static readonly string[] Queue = NamesOf(typeof(QueueOptions));
    private static readonly string[] Customer = NamesOf(typeof(CustomerOptions));
    private static readonly string[] Priorities = NamesOf(typeof(PriorityPolicyOptions));

    private static readonly string[] TopLevel = [.. NamesOf(typeof(JobGridOptions)), .. Sections.Keys, "Workers"];

    /// <summary>Refuses unknown names of a configuration file, all at once.</summary>
    public static void Check(IConfiguration configuration)
    {
        var unknown = new List<string>();
        foreach (var setting in configuration.GetSection("JobGrid").GetChildren())
        {
            if (!TopLevel.Contains(setting.Key, StringComparer.OrdinalIgnoreCase))
                unknown.Add(setting.Path);
            else if (Sections.TryGetValue(setting.Key, out var names))
                unknown.AddRange(NotIn(names, setting));
        }
        unknown.AddRange(configuration.GetSection("JobGrid:Failures:Rules").GetChildren().SelectMany(r => NotIn(RuleNames, r)));
        unknown.AddRange(configuration.GetSection("JobGrid:Retries").GetChildren()
            .SelectMany(service => service.GetChildren()).SelectMany(c => NotIn(RetryNames, c)));

        foreach (var service in configuration.GetSection("JobGrid:Http:Services").GetChildren())
            unknown.AddRange(NotIn(HttpService, service).Concat(HttpParts.SelectMany(p => NotIn(p.Value, service.GetSection(p.Key)))));
        unknown.AddRange(configuration.GetSection("JobGrid:ComfyUi:Supervise").GetChildren().SelectMany(s => NotIn(Supervised, s)));
        foreach (var service in configuration.GetSection("JobGrid:WebSocket:Services").GetChildren())
            unknown.AddRange(NotIn(WebSocketService, service).Concat(WebSocketParts.SelectMany(p => NotIn(p.Value, service.GetSection(p.Key)))));
        unknown.AddRange(configuration.GetSection("JobGrid:Reconciliation:Sources").GetChildren().SelectMany(s => NotIn(StateSource, s)));
        foreach (var service in configuration.GetSection("JobGrid:Rest:Services").GetChildren())
            unknown.AddRange(NotIn(RestService, service));
        foreach (var worker in configuration.GetSection("JobGrid:Workers").GetChildren())
            unknown.AddRange(NotIn(Worker, worker));
        unknown.AddRange(configuration.GetSection("JobGrid:Workers").GetChildren().Append(configuration.GetSection("JobGrid:Worker"))
            .SelectMany(w => NotIn(CustomerAccess, w.GetSection("CustomerAccess"))
                .Concat(NotIn(Hardware, w.GetSection("Hardware")))
                .Concat(NotIn(Requires, w.GetSection("Requires")))));
        unknown.AddRange(configuration.GetSection("JobGrid:Queues").GetChildren().SelectMany(q => NotIn(Queue, q)));
        unknown.AddRange(configuration.GetSection("JobGrid:Customers").GetChildren().SelectMany(c => NotIn(Customer, c)));
        unknown.AddRange(NotIn(Priorities, configuration.GetSection("JobGrid:PriorityPolicy")));
        if (unknown.Count > 0)
            throw new GridSettingsException($"There is no setting {string.Join(", ", unknown)}");
    }

    /// <summary>What stands before a setting's name, such as <c>JobGrid:Worker:</c>.</summary>
    public static string SectionOf(Type options) =>
        options == typeof(JobGridOptions) ? "JobGrid:" : $"JobGrid:{options.Name.Replace("Options", "", StringComparison.Ordinal)}:";

    private static IEnumerable<string> NotIn(string[] names, IConfigurationSection section) =>
        section.GetChildren().Where(s => !names.Contains(s.Key, StringComparer.OrdinalIgnoreCase)).Select(s => s.Path);

    private static string[] NamesOf(Type options) => [.. options.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(p => p.Name)];
}
