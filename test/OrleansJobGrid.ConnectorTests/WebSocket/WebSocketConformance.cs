using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.WebSockets;
using OrleansJobGrid.TestKit.Connectors.Conformance;

namespace OrleansJobGrid.ConnectorTests.WebSockets;

/// <summary>The suite on services that are described by their messages.</summary>
public abstract class WebSocketConformance(Action<WebSocketServiceOptions> configure) : ConnectorConformance
{
    protected override ServiceUnderTest Make() => new Subject(configure);

    /// <summary>Settings of a service that is asked by this.</summary>
    private protected static Action<WebSocketServiceOptions> AskedBy(string place) => options =>
    {
        options.Id = "$.id";
        options.Query = $$"""{"type": "query", "job": "{{place}}"}""";
        options.Cancel = $$"""{"type": "cancel", "job": "{{place}}"}""";
    };

    private sealed class Subject(Action<WebSocketServiceOptions> configure) : ServiceUnderTest
    {
        private readonly SocketService _service = new() { OneAtATime = true };

        public override bool OneAtATime => true;

        public override string Instance => "s/a";

        public override string Payload => """{"kind": "plain"}""";

        public override string Refused => """{"kind": "wrong"}""";

        public override string Failing => """{"kind": "fails"}""";

        public override int Begun => _service.Begun;

        public override int Live => _service.Live;

        protected override Uri Address => new(_service.Address.Replace("ws", "http", StringComparison.Ordinal));

        public override void Hold() => _service.Hold();

        public override void Release() => _service.Release();

        protected override Task ListenAsync() => _service.ListenAsync();

        protected override async Task EndAsync() => await _service.DisposeAsync();

        protected override IExternalConnector Make(Uri address)
        {
            var options = WebSocketTestBase.Settings(new UriBuilder(address) { Scheme = "ws" }.Uri.ToString());
            configure(options);
            return new WebSocketConnector("s", options, TimeProvider.System);
        }

        protected override bool IsPost(string method, string path) => path == "/jobs";
    }
}

/// <summary>It is asked by the grid's mark.</summary>
public sealed class WebSocketConformanceByMark() : WebSocketConformance(AskedBy("{{mark}}"));

/// <summary>It is asked by its own id.</summary>
public sealed class WebSocketConformanceById() : WebSocketConformance(AskedBy("{{id}}"));

/// <summary>It cannot be asked.</summary>
public sealed class WebSocketConformanceUntellable() : WebSocketConformance(_ => { });
