using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.A1111;
using OrleansJobGrid.TestKit.Connectors.Conformance;
using OrleansJobGrid.TestService.A1111;

namespace OrleansJobGrid.ConnectorTests.A1111;

/// <summary>The suite on each version, as far as the version tells whose task is whose.</summary>
public abstract class A1111Conformance(A1111Edition edition) : ConnectorConformance
{
    protected override ServiceUnderTest Make() => new Subject(edition);

    private sealed class Subject(A1111Edition edition) : ServiceUnderTest
    {
        private readonly A1111Server _server = new(edition);

        public override string Instance => "a1111/a";

        public override string Payload => """{"operation": "txt2img", "request": {"prompt": "a cat"}}""";

        public override string Refused => """{"operation": "txt2img", "request": {"prompt": "a cat", "width": "wide"}}""";

        public override string Failing => """{"operation": "txt2img", "request": {"prompt": "fails"}}""";

        public override int Begun => _server.Begun;

        public override int Live => _server.Live;

        public override bool OneAtATime => false;

        protected override Uri Address => _server.Url;

        public override void Hold() => _server.Hold();

        public override void Release() => _server.Release();

        protected override Task ListenAsync() => _server.ListenAsync();

        protected override async Task EndAsync() => await _server.DisposeAsync();

        protected override IExternalConnector Make(Uri address)
        {
            // What cannot be told apart is believed to be this worker's alone, as in the suite it is.
            var options = new A1111Options { PollInterval = TimeSpan.FromMilliseconds(10), RequestTimeout = TimeSpan.FromSeconds(10), Outage = TimeSpan.FromMilliseconds(300), Exclusive = edition != A1111Edition.V18 };
            options.Instances["a"] = address.ToString();
            return new A1111Connector(options, TimeProvider.System);
        }

        protected override bool IsPost(string method, string path) => path.EndsWith("/txt2img", StringComparison.Ordinal);
    }
}

public sealed class A1111ConformanceOf17() : A1111Conformance(A1111Edition.V17);

public sealed class A1111ConformanceOf18() : A1111Conformance(A1111Edition.V18);

public sealed class A1111ConformanceWithoutUi() : A1111Conformance(A1111Edition.NoWebUi);
