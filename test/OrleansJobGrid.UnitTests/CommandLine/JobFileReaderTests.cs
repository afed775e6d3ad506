using System.Text.Json.Nodes;
using OrleansJobGrid.Host.JobFiles;
using Xunit;

namespace OrleansJobGrid.UnitTests.CommandLine;

public sealed class JobFileReaderTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("jobgrid-files-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("""{"service_required":"simulation"}""", 1)]
    [InlineData("""[{"service_required":"simulation"},{"service_required":"simulation","priority":100}]""", 2)]
    [InlineData("""{"jobs":[{"service_required":"simulation"}]}""", 1)]
    public void Read_WhenAnyOfTheThreeShapes_GivesTheJobs(string json, int count) => Assert.Equal(count, Read(json).Jobs.Count);

    [Fact]
    public void Read_WhenAllFieldsAreGiven_SendsThemAllOn()
    {
        const string json = """
            {"service_required":"simulation","payload":{"a":1},"id":"x:1","queue":"q","priority":0,"requirements":{"gpu":{"memory_mb":1}},"customer_id":"c",
             "workflow_id":"w","workflow_priority":9,"workflow_datetime":1767323045678,"deadline":"2026-01-02T03:04:05.678Z","max_retries":0,
             "retry":{"base_delay":1,"max_delay":2,"multiplier":3},"timeout_minutes":1.5,"queue_timeout_seconds":3,"idempotent":true,
             "on_unknown":"rerun","not_before":"2026-01-02T03:04:05.678Z","webhook":"http://127.0.0.1/","metadata":{"m":[1]}}
            """;
        var expected = JsonNode.Parse(json)!;
        expected["workflow_datetime"] = "2026-01-02T03:04:05.678Z";

        var job = Assert.Single(Read(json).Jobs).Submission;

        var sent = JsonNode.Parse(System.Text.Json.JsonSerializer.Serialize(job, OrleansJobGrid.Client.JobGridJson.Default.JobSubmission));
        Assert.True(JsonNode.DeepEquals(expected, sent), sent!.ToJsonString());
    }

    [Fact]
    public void Read_WhenThePayloadNamesFiles_FindsThemBesideTheJobFile()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "a.png"), "a");
        var upload = "sha256-" + new string('0', 64);
        var file = Read($$$"""
            [{"service_required":"imaging","payload":{"operation":"resize","inputs":["a.png","{{{upload}}}","artefact:job/1/b.png"]}},
             {"service_required":"process","payload":{"command":"c","inputs":{"scene":"./a.png"} } },
             {"service_required":"simulation","payload":{"inputs":["nowhere.png"]}}]
            """);

        foreach (var input in file.Jobs.SelectMany(j => j.Files))
        {
            Assert.Equal(Path.Combine(_folder.FullName, "a.png"), input.FullPath);
            input.Replace("UP");
        }

        Assert.Equal($$"""["UP","{{upload}}","job/1/b.png"]""", file.Jobs[0].Submission.Payload!["inputs"]!.ToJsonString());
        Assert.Equal("UP", file.Jobs[1].Submission.Payload!["inputs"]!["scene"]!.GetValue<string>());
        Assert.Empty(file.Jobs[2].Files);
    }

    [Theory]
    [InlineData("{\n  \"service_required\": oops\n}", "job.json:2:23: this is not valid JSON")]
    [InlineData("""{"service_required":"s","paylaod":{}}""", "paylaod: unknown field; did you mean 'payload'?")]
    [InlineData("""{"service_required":"s","zzzzzzzzzz":{}}""", "zzzzzzzzzz: unknown field; a job has service_required, payload, id")]
    [InlineData("""{"servce_required":"s"}""", "did you mean 'service_required'?")]
    [InlineData("""{"payload":{}}""", "service_required: is missing; name the service")]
    [InlineData("""{"service_required":"s","priority":"high"}""", "priority: ")]
    [InlineData("""{"service_required":"s","priority":101}""", "priority: is 101; it goes from 0 to 100")]
    [InlineData("""{"service_required":"s","id":"a b"}""", "id: takes 1 to 128 of")]
    [InlineData("""{"service_required":"s","priority":1,"priority":2}""", "not valid JSON: Duplicate")]
    [InlineData("""{"service_required":"s","payload":[1]}""", "payload: must be an object")]
    [InlineData("""[{"service_required":"s","id":"a"},{"service_required":"s","id":"a"}]""", "job 2 of 2: id: 'a' is the id of job 1 too")]
    [InlineData("""{"jobs":[],"queue":"q"}""", "unknown field 'queue' beside 'jobs'")]
    [InlineData("[]", "there is no job in it")]
    [InlineData("7", "a job file holds a job object")]
    [InlineData("[null]", "must be an object")]
    [InlineData("""{"service_required":"imaging","payload":{"inputs":["no.png"]}}""", "payload.inputs[0]: the file 'no.png' does not exist (looked for ")]
    [InlineData("""{"service_required":"imaging","payload":{"inputs":"no.png"}}""", "payload.inputs: must be an array of files")]
    [InlineData("""{"service_required":"process","payload":{"inputs":{"x":3}}}""", "payload.inputs.x: must be the path of a file")]
    public void Read_WhenTheFileIsWrong_NamesTheFieldAndTheMend(string json, string expected)
    {
        var e = Assert.Throws<JobFileException>(() => Read(json));
        Assert.Contains(expected, Assert.Single(e.Errors));
        Assert.Contains("job.json", e.Message);
    }

    [Fact]
    public void Read_WhenSeveralThingsAreWrong_TellsAllAtOnce()
    {
        var e = Assert.Throws<JobFileException>(() => Read("""[{"service_required":"s","priority":-1},{"quue":"q"}]"""));
        Assert.Equal(3, e.Errors.Count);
    }

    [Theory]
    [InlineData("../evil.png")]
    [InlineData("..")]
    [InlineData("a\\b.png")]
    [InlineData("")]
    public void OutputPlan_WhenAWorkerNamesAPath_RefusesIt(string name) =>
        Assert.Throws<OrleansJobGrid.Client.JobGridException>(() =>
            new OutputPlan("dir").PathOf("a", new OrleansJobGrid.Client.JobOutputFile("a/1/x", name, null, 1)));

    [Fact]
    public void OutputPlan_WhenTwoJobsMakeOneNameUnforeseen_PutsTheLaterOneApart()
    {
        var plan = new OutputPlan("dir");
        var output = new OrleansJobGrid.Client.JobOutputFile("x", "p.png", null, 1);
        Assert.Equal(Path.Combine("dir", "p.png"), plan.PathOf("a", output));
        Assert.Equal(Path.Combine("dir", "b%3A1", "p.png"), plan.PathOf("b:1", output));
        Assert.Equal(Path.Combine("out", "a", "p.png"), new OutputPlan(null).PathOf("a", output));
    }

    private JobFile Read(string json)
    {
        var path = Path.Combine(_folder.FullName, "job.json");
        File.WriteAllText(path, json);
        return JobFileReader.Read(path);
    }
}
