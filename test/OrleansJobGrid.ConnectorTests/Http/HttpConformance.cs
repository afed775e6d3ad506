using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Http;
using OrleansJobGrid.TestKit.Connectors.Conformance;

namespace OrleansJobGrid.ConnectorTests.Http;

/// <summary>The suite on services that are described by their requests.</summary>
public abstract class HttpConformance(string post, Action<HttpServiceOptions> configure) : ConnectorConformance
{
    protected override ServiceUnderTest Make() => new Subject(post, configure);

    /// <summary>Settings of a service that is asked by this.</summary>
    private protected static Action<HttpServiceOptions> Asynchronous(string by) => options =>
    {
        options.Mode = HttpMode.Async;
        options.Id = "$.id";
        options.Poll = new() { Method = "GET", Path = $"predictions/{by}" };
        options.Cancel = new() { Method = "POST", Path = $"predictions/{by}/cancel" };
        options.Progress = "$.progress";
        options.Error = "$.error";
        options.Health = new() { Method = "GET", Path = "health" };
    };

    private sealed class Subject(string post, Action<HttpServiceOptions> configure) : ServiceUnderTest
    {
        private readonly PredictionService _service = new();

        public override string Instance => "s/a";

        public override string Payload => """{"kind": "plain"}""";

        public override string Refused => """{"kind": "wrong"}""";

        public override string Failing => """{"kind": "fails"}""";

        public override int Begun => _service.Begun;

        public override int Live => _service.Live;

        protected override Uri Address => new(_service.Address);

        public override void Hold() => _service.Hold();

        public override void Release() => _service.Release();

        protected override Task ListenAsync() => _service.ListenAsync();

        protected override async Task EndAsync() => await _service.DisposeAsync();

        protected override IExternalConnector Make(Uri address)
        {
            var options = new HttpServiceOptions { PollInterval = TimeSpan.FromMilliseconds(10), RequestTimeout = TimeSpan.FromSeconds(10), Outage = TimeSpan.FromMilliseconds(300) };
            options.Instances["a"] = address.ToString();
            options.Submit.Path = post;
            options.Submit.Body = """{"kind": "{{payload.kind}}", "mark": "{{mark}}"}""";
            configure(options);
            return new HttpConnector("s", options, TimeProvider.System);
        }

        protected override bool IsPost(string method, string path) => method == "POST" && path == $"/{post}";
    }
}

/// <summary>It takes the grid's mark and is asked by it.</summary>
public sealed class HttpConformanceByMark() : HttpConformance("predictions", Asynchronous("{{mark}}"));

/// <summary>It is asked by its own id.</summary>
public sealed class HttpConformanceById() : HttpConformance("predictions", Asynchronous("{{id}}"));

/// <summary>Its answer is the work.</summary>
public sealed class HttpConformanceSync() : HttpConformance("run", _ => { });
