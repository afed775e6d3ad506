using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Rest;
using OrleansJobGrid.TestKit.Connectors.Conformance;

namespace OrleansJobGrid.ConnectorTests.Rest;

public sealed class RestConformance : ConnectorConformance
{
    protected override ServiceUnderTest Make() => new Subject();

    private sealed class Subject : ServiceUnderTest
    {
        private RestService _service = null!;
        private bool _held;
        private int _refused;

        public override string Instance => "draw/a";

        public override string Payload => "{}";

        public override string Refused => """{"kind": "wrong"}""";

        public override string Failing => """{"kind": "fails"}""";

        public override int Begun => _service.Posts.Count - Volatile.Read(ref _refused);

        public override int Live => _service.Jobs.Values.Count(j => j["state"]!.GetValue<string>() == "running");

        protected override Uri Address => new(_service.Address);

        public override void Hold() => _held = true;

        public override void Release()
        {
            _held = false;
            foreach (var (id, job) in _service.Jobs)
                _service.Jobs.TryUpdate(id, EndOf(id), job);
        }

        protected override async Task ListenAsync()
        {
            _service = await RestService.StartAsync();
            _service.Taken = id => _held ? RestService.State("running") : EndOf(id);
            _service.OnPost = async (http, _) =>
            {
                if (KindOf(_service.Bodies.Last()) != "wrong")
                    return false;
                Interlocked.Increment(ref _refused);
                http.Response.StatusCode = 400;
                await http.Response.WriteAsJsonAsync(new JsonObject { ["error"] = new JsonObject { ["type"] = "invalid_payload", ["message"] = "kind is wrong" } });
                return true;
            };
        }

        protected override async Task EndAsync() => await _service.DisposeAsync();

        protected override IExternalConnector Make(Uri address)
        {
            var options = new RestServiceOptions { PollInterval = TimeSpan.FromMilliseconds(10), RequestTimeout = TimeSpan.FromSeconds(10), Outage = TimeSpan.FromMilliseconds(300) };
            options.Instances["a"] = address.ToString();
            return new RestConnector("draw", options, TimeProvider.System);
        }

        protected override bool IsPost(string method, string path) => path == "/jobs";

        private JsonObject EndOf(string id) =>
            KindOf(_service.Bodies.First(b => b["id"]!.GetValue<string>() == id)) == "fails" ? RestService.Failure("service_error", 503) : RestService.Done("done");

        private static string? KindOf(JsonNode body) => body["payload"]?["kind"]?.GetValue<string>();
    }
}
