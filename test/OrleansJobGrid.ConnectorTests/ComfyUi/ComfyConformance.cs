using System.Collections.Concurrent;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.ComfyUi;
using OrleansJobGrid.TestKit.Connectors.Conformance;
using OrleansJobGrid.TestService.ComfyUi;

namespace OrleansJobGrid.ConnectorTests.ComfyUi;

/// <summary>The suite on each version.</summary>
public abstract class ComfyConformance(ComfyEdition edition) : ConnectorConformance
{
    protected override ServiceUnderTest Make() => new Subject(edition);

    private sealed class Subject(ComfyEdition edition) : ServiceUnderTest
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("jobgrid-comfyui-").FullName;
        private readonly ConcurrentQueue<string> _log = new();
        private TaskCompletionSource _gate = Opened();
        private ComfyServer _server = null!;

        public override string Instance => "comfyui/a";

        public override string Payload => Workflows.Payload(Workflows.Slow(steps: 3));

        public override string Refused => """{"workflow": {"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}}}""";

        public override string Failing => Workflows.Payload(Workflows.Failing("RuntimeError", "CUDA error: an illegal memory access was encountered"));

        public override int Begun => Count("START");

        public override int Live => _server.Remaining;

        public override bool OneAtATime => true;

        protected override Uri Address => _server.Url;

        public override void Hold() => _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override void Release() => _gate.TrySetResult();

        protected override async Task ListenAsync()
        {
            var knobs = new ComfyKnobs(_log.Enqueue) { OnStep = (_, step, stopped) => step == 1 ? Task.CompletedTask : _gate.Task.WaitAsync(stopped) };
            _server = await ComfyServer.StartAsync(edition, _folder, knobs);
        }

        protected override async Task EndAsync()
        {
            await _server.DisposeAsync();
            Directory.Delete(_folder, recursive: true);
        }

        protected override IExternalConnector Make(Uri address)
        {
            var options = new ComfyUiOptions { PollInterval = TimeSpan.FromMilliseconds(20), RequestTimeout = TimeSpan.FromSeconds(5), Outage = TimeSpan.FromMilliseconds(300) };
            options.Instances["a"] = address.ToString();
            return new ComfyUiConnector(options, TimeProvider.System);
        }

        protected override bool IsPost(string method, string path) => method == "POST" && path.EndsWith("/prompt", StringComparison.Ordinal);

        private static TaskCompletionSource Opened()
        {
            var gate = new TaskCompletionSource();
            gate.SetResult();
            return gate;
        }

        private int Count(string word) => _log.Count(l => l.StartsWith(word, StringComparison.Ordinal));
    }
}

public sealed class ComfyConformanceOf2023() : ComfyConformance(ComfyEdition.Old);

public sealed class ComfyConformanceOf2024() : ComfyConformance(ComfyEdition.Mid);

public sealed class ComfyConformanceOf0364() : ComfyConformance(ComfyEdition.V0364);

public sealed class ComfyConformanceOf027() : ComfyConformance(ComfyEdition.V027);
