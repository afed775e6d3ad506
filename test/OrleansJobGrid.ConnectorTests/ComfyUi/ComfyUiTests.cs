using System.Text;
using System.Text.Json.Nodes;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.ComfyUi;
using OrleansJobGrid.Connectors.Failures;
using OrleansJobGrid.TestKit.Connectors;
using OrleansJobGrid.TestService.ComfyUi;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.ComfyUi;

/// <summary>What becomes of a workflow on servers of each version.</summary>
public sealed class ComfyUiTests : ComfyTestBase
{
    [Theory]
    [MemberData(nameof(Editions))]
    public async Task A_workflow_is_done_under_our_mark_and_its_pictures_come_home(string edition)
    {
        await ServeAsync(edition);
        Server.Knobs.HistoryDelay = TimeSpan.FromMilliseconds(200);
        var job = Job(Workflows.Plain(batch: 3));
        var result = await CompleteAsync(job);

        Assert.Equal(["t_00001_.png", "t_00002_.png", "t_00003_.png"], result.Outputs.Select(o => o.Name));
        Assert.All(job.FakeFiles.Outputs.Values, png => Assert.Equal("PNG", Encoding.ASCII.GetString(png, 1, 3)));
        Assert.Equal(3, result.Result!["outputs"]!["3"]!["images"]!.AsArray().Count);
        Assert.Equal(job.Submitted.Select(s => s.ExternalId), Server.Knobs.Executions);
        Assert.Single(Server.Knobs.Requests, r => r is "POST /prompt");
        Assert.Equal(32, job.Submitted[0].BootMark!.Length);
    }

    [Theory]
    [MemberData(nameof(Editions))]
    public async Task Progress_runs_over_all_nodes_and_never_falls(string edition)
    {
        await ServeAsync(edition);
        // What another prompt without a client leaks is nobody's progress.
        var job = Job(Workflows.Slow(steps: 20));
        Server.Knobs.OnStep = (_, step, _) => step == 10 ? UntilAsync(() => job.Progress.Any(p => p.Percent >= 60), "half of the third node of four was heard") : Task.CompletedTask;
        await CompleteAsync(job);

        Assert.All(job.Progress, p => Assert.InRange(p.Percent, 0, 99));
        Assert.Equal(job.Progress.Select(p => p.Percent).Order(), job.Progress.Select(p => p.Percent));
        Assert.Contains(job.Progress, p => p.Message == "node 4, TestSlow");
    }

    [Theory]
    [MemberData(nameof(Editions))]
    public async Task A_model_that_is_not_there_is_named_and_the_list_says_what_is(string edition)
    {
        await ServeAsync(edition);
        Server.Knobs.Checkpoints = ["sdxl.safetensors", "sd15.ckpt"];
        Assert.Equal(["sd15.ckpt", "sdxl.safetensors"], (await Connector.ProveAsync("comfyui/a", Cancellation)).Models);
        var workflow = Workflows.Plain();
        workflow["7"] = Workflows.Node("CheckpointLoaderSimple", ("ckpt_name", "flux.safetensors"));
        workflow["3"]!["inputs"]!["images"] = Workflows.Link("7");
        var failed = await FailAsync(Job(workflow));
        Assert.Equal(["flux.safetensors"], failed.Evidence.Missing);

        workflow["7"] = Workflows.Node("NoSuchNode");
        failed = await FailAsync(Job(workflow, id: "job-2"));
        Assert.Equal(FailureClass.MissingHere, FailureClassifier.Default.Classify(failed.Evidence).Class);
        Assert.Equal(edition == "0.3.64" || edition == "2024-10" ? [] : ["NoSuchNode"], failed.Evidence.Missing);
    }

    [Theory]
    [MemberData(nameof(Editions))]
    public async Task Unfinished_pictures_are_shown(string edition)
    {
        await ServeAsync(edition);
        var job = Job(Workflows.Slow(steps: 5));
        Server.Knobs.OnStep = (_, step, _) => step == 4 ? UntilAsync(() => job.Previews.Count > 0, "a picture of an earlier step was shown") : Task.CompletedTask;
        await CompleteAsync(job);

        Assert.All(job.Previews, p => Assert.Equal("image/jpeg", p.ContentType));
        Assert.All(job.Previews, p => Assert.Equal([0xff, 0xd8, 0xff, 0xe0], p.Picture[..4]));
        Assert.Equal(job.Previews.Select(p => p.Picture[4]).Order(), job.Previews.Select(p => p.Picture[4]));
    }

    [Theory]
    [InlineData("2024-10")]
    [InlineData("0.27.0")]
    public async Task Unfinished_pictures_of_a_prompt_without_a_client_are_not_ours(string edition)
    {
        await ServeAsync(edition);
        var waits = new TaskCompletionSource();
        var foreign = Guid.NewGuid().ToString();
        Server.Knobs.OnStep = (id, _, _) => id == foreign ? waits.Task : Task.CompletedTask;
        Server.EnqueueForeign(foreign, Workflows.Slow(5), clientId: null);
        var job = Job(Workflows.Plain(color: 7));
        var running = CompleteAsync(job);
        await UntilAsync(() => job.Progress.Any(p => p.Message == "waits in ComfyUI at place 1"), "it waits behind the other one");
        waits.SetResult();
        await running;
        Assert.Empty(job.Previews);
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 0, 0, 0, 1, 0, 0, 0, 1 })]
    [InlineData(new byte[] { 0, 0, 0, 1, 0, 0, 0, 9, 1, 2 })]
    [InlineData(new byte[] { 0, 0, 0, 3, 0, 0, 0, 1, 1, 2 })]
    [InlineData(new byte[] { 0, 0, 0, 4, 255, 255, 255, 255, 1, 2 })]
    [InlineData(new byte[] { 0, 0, 0, 4, 0, 0, 0, 2, (byte)'{', (byte)'}', 2 })]
    [InlineData(new byte[] { 0, 0, 0, 4, 0, 0, 0, 2, (byte)'{', (byte)'x', 2 })]
    public void A_frame_that_is_no_picture_says_nothing(byte[] frame) => Assert.Null(ComfyPreview.Parse(frame));

    [Fact]
    public async Task Progress_of_another_prompt_that_leaks_is_not_ours()
    {
        await ServeAsync("0.3.64");
        Options.PollInterval = TimeSpan.FromSeconds(1);
        var waits = new TaskCompletionSource();
        var foreign = Guid.NewGuid().ToString();
        Server.Knobs.OnStep = (id, _, _) => id == foreign ? waits.Task : Task.CompletedTask;
        await CompleteAsync(Job(Workflows.Plain()));
        // Ours waits behind one without a client, whose progress goes to the client before: the one above, which is gone.
        Server.EnqueueForeign(foreign, Workflows.Slow(5), clientId: null);
        var job = Job(Workflows.Plain(color: 7), id: "job-2");
        var running = CompleteAsync(job);
        await UntilAsync(() => job.Progress.Any(p => p.Message == "waits in ComfyUI at place 1"), "its place was told");
        waits.SetResult();
        await running;
        Assert.DoesNotContain(job.Progress, p => p.Message?.Contains("TestSlow", StringComparison.Ordinal) == true);
    }

    [Theory]
    [MemberData(nameof(Editions))]
    public async Task A_prompt_that_was_cached_whole_makes_files_of_its_own(string edition)
    {
        await ServeAsync(edition);
        await CompleteAsync(Job(Workflows.Plain()));
        foreach (var file in Directory.GetFiles(Server.Folder, "t_*.png", SearchOption.AllDirectories))
            File.Delete(file);
        Assert.Single((await CompleteAsync(Job(Workflows.Plain(), id: "job-2"))).Outputs);
    }

    [Theory]
    [MemberData(nameof(Editions))]
    public async Task A_cached_preview_whose_file_is_gone_is_made_anew_by_the_next_attempt(string edition)
    {
        await ServeAsync(edition);
        var workflow = Workflows.Plain();
        workflow["3"] = Workflows.Node("PreviewImage", ("images", Workflows.Link("2")));
        Assert.Single((await CompleteAsync(Job(workflow))).Outputs);
        Directory.Delete(Path.Combine(Server.Folder, "temp"), recursive: true);

        var job = Job(workflow, id: "job-2");
        var failed = await FailAsync(job);
        Assert.Equal((FailureClass.Transient, "output_missing"), (failed.Class, failed.Reason));
        // It can be told to forget since 2024.
        if (edition != ComfyEdition.Old.Name)
            Assert.Single((await CompleteAsync(Job(workflow, id: "job-3"))).Outputs);
    }

    [Theory]
    [MemberData(nameof(Editions))]
    public async Task Inputs_are_uploaded_and_named_as_the_server_names_them(string edition)
    {
        await ServeAsync(edition);
        var files = new FakeJobFiles();
        files.Inputs["sha256-a"] = [0x89, (byte)'P', (byte)'N', (byte)'G', .. new byte[40]];
        files.Inputs["sha256-b"] = [0x89, (byte)'P', (byte)'N', (byte)'G', .. new byte[41]];
        var workflow = Workflows.Plain();
        workflow["1"] = Workflows.Node("LoadImage", ("image", "photo.png"));
        var job = Job(workflow, files, "..", ("photo.png", "sha256-a"));
        await CompleteAsync(job);
        files.Inputs["sha256-a"] = files.Inputs["sha256-b"];
        await CompleteAsync(job.NextAttempt());

        var posted = Server.HistoryOf().Select(h => h.Value!["prompt"]![2]!["1"]!["inputs"]!["image"]!.GetValue<string>());
        Assert.Equal(["jobgrid/job-../photo.png", "jobgrid/job-../photo (1).png"], posted);
    }

    [Theory]
    [MemberData(nameof(Editions))]
    public async Task What_a_post_is_refused_for_is_told_field_by_field_and_never_posted_again(string edition)
    {
        await ServeAsync(edition);
        var wrong = Workflows.Plain();
        wrong["1"]!["inputs"]!["width"] = 100_000;
        wrong["2"]!["inputs"]!.AsObject().Remove("image");
        var failed = await FailAsync(Job(wrong));
        Assert.Equal(FailureClass.Malformed, failed.Class);
        Assert.Contains("node 2 (ImageInvert): Required input is missing: image", failed.Message, StringComparison.Ordinal);

        var none = Workflows.Plain();
        none.Remove("3");
        Assert.Equal((FailureClass.Malformed, "invalid_workflow"), Read(await FailAsync(Job(none))));
        var picture = Workflows.Plain();
        picture["1"] = Workflows.Node("LoadImage", ("image", "nowhere.png"));
        var missing = await FailAsync(Job(picture));
        Assert.Equal((FailureClass.Malformed, "input_missing"), Read(missing));
        Assert.Contains("nowhere.png", missing.Message, StringComparison.Ordinal);
        Assert.Empty(Server.Knobs.Executions);
    }

    [Theory]
    [MemberData(nameof(Editions))]
    public async Task What_this_instance_lacks_is_told_from_what_is_wrong(string edition)
    {
        await ServeAsync(edition);
        var node = Workflows.Plain();
        node["2"]!["class_type"] = "NoSuchNode";
        var noNode = await FailAsync(Job(node));
        Assert.Equal((FailureClass.MissingHere, "node_not_found"), Read(noNode));
        Assert.Contains("NoSuchNode", noNode.Message, StringComparison.Ordinal);

        var model = Workflows.Plain();
        model["1"] = Workflows.Node("CheckpointLoaderSimple", ("ckpt_name", "sd.safetensors"));
        var noModel = await FailAsync(Job(model));
        Assert.Equal((FailureClass.MissingHere, "model_not_found"), Read(noModel));
        Assert.Contains("sd.safetensors", noModel.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Editions))]
    public async Task A_prompt_that_was_taken_without_some_of_its_outputs_is_a_failure_and_stopped(string edition)
    {
        await ServeAsync(edition);
        var workflow = Workflows.Slow(steps: 1_000);
        workflow["9"] = Workflows.Node("PreviewImage");
        var failed = await FailAsync(Job(workflow));
        Assert.Equal(FailureClass.Malformed, failed.Class);
        Assert.Contains("node 9 (PreviewImage)", failed.Message, StringComparison.Ordinal);
        await UntilAsync(() => Server.HistoryOf().Count == 1 || Server.Knobs.Executions.IsEmpty, "it runs no more");
    }

    [Theory]
    [MemberData(nameof(Editions))]
    public async Task How_a_node_fails_is_told_and_judged(string edition)
    {
        await ServeAsync(edition);
        Server.Knobs.HistoryDelay = TimeSpan.FromMilliseconds(100);
        var failed = await FailAsync(Job(Workflows.Failing("RuntimeError", "boom")));
        Assert.Equal("Node 4 (TestFail): boom", failed.Message);
        Assert.Equal(("RuntimeError", "run", "comfyui/a"), (failed.Evidence.ExceptionType, failed.Evidence.Stage, failed.Evidence.Instance));

        var memory = await FailAsync(Job(Workflows.Failing("torch.OutOfMemoryError", "Allocation on device 0 would exceed allowed memory."), id: "job-2"));
        Assert.Equal((FailureClass.ResourceExhaustion, "gpu_memory_full"), Read(memory));
        Assert.Contains("POST /free", Server.Knobs.Requests);
    }

    [Theory]
    [MemberData(nameof(Editions))]
    public async Task Text_that_nodes_put_out_is_in_the_result(string edition)
    {
        await ServeAsync(edition);
        var workflow = Workflows.Plain();
        workflow["4"] = Workflows.Node("TestText", ("image", Workflows.Link("2")), ("text", "a cat"));
        var result = await CompleteAsync(Job(workflow));
        Assert.Equal("a cat", result.Result!["outputs"]!["4"]!["text"]![0]!.GetValue<string>());
        Assert.Single(result.Outputs);
    }

    [Fact]
    public async Task Bad_payloads_are_refused_before_anything_is_asked()
    {
        await ServeAsync("0.27.0");
        (string Payload, string Complaint)[] bad =
        [
            ("7", "payload is a JSON object"),
            ("{}", "payload.workflow is required"),
            ("""{"workflow": "{}"}""", "payload.workflow is an object"),
            ("""{"workflow": {}}""", "has no node"),
            ("""{"workflow": {"nodes": [], "links": []}}""", "Export (API)"),
            ("""{"workflow": {"1": {"inputs": {}}}}""", "payload.workflow.1 is not a node"),
            ("""{"workflow": {"1": {"class_type": "X", "inputs": []}}}""", "payload.workflow.1.inputs"),
            ("""{"workflow": {"1": {"class_type": "X", "inputs": {"a": 1, "a": 2}}}}""", "Duplicate"),
            ("""{"workflow": {"1": {"class_type": "X"}}, "seed": 7}""", "payload.seed is not known"),
            ("""{"workflow": {"1": {"class_type": "X"}}, "inputs": {"a.png": "sha256-a"}}""", "used by no node"),
            ("""{"workflow": {"1": {"class_type": "X", "inputs": {"image": "../a"}}}, "inputs": {"../a": "sha256-a"}}""", "no file name"),
            ("""{"workflow": {"1": {"class_type": "X"}}, "extra_data": 1}""", "payload.extra_data"),
        ];
        foreach (var (payload, complaint) in bad)
        {
            var failed = await FailAsync(new(payload) { UsableInstances = ["comfyui/a"] });
            Assert.Equal(FailureClass.Malformed, failed.Class);
            Assert.Contains(complaint, failed.Message, StringComparison.Ordinal);
        }

        Assert.Empty(Server.Knobs.Requests);
    }

    [Fact]
    public async Task An_input_that_the_server_finds_too_large_is_the_jobs_fault()
    {
        await ServeAsync("0.27.0");
        var files = new FakeJobFiles();
        files.Inputs["sha256-a"] = new byte[150 << 20];
        var workflow = Workflows.Plain();
        workflow["1"] = Workflows.Node("LoadImage", ("image", "photo.png"));
        var failed = await FailAsync(Job(workflow, files, "job-1", ("photo.png", "sha256-a")));
        Assert.Equal((FailureClass.Malformed, "payload_too_large"), Read(failed));
        Assert.Contains("payload.inputs.photo.png", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_settings_are_named_all_at_once()
    {
        var wrong = new ComfyUiOptions { PollInterval = TimeSpan.Zero };
        wrong.Instances["a"] = "127.0.0.1:8188";
        wrong.OnThisMachine.Add("z");
        wrong.Headers["y"] = new Dictionary<string, string> { ["Authorization"] = "Bearer secret" };
        var message = Assert.Throws<ArgumentException>(() => new ComfyUiConnector(wrong, TimeProvider.System)).Message;
        foreach (var setting in (string[])["Instances:a '127.0.0.1:8188'", "OnThisMachine names 'z'", "Headers names 'y'", "PollInterval"])
            Assert.Contains($"JobGrid:ComfyUi:{setting}", message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
    }

    private static (FailureClass Class, string Reason) Read(FailedResult failed) => (failed.Class, failed.Reason);
}
