using OrleansJobGrid.Sagas.Definitions;
using Xunit;

namespace OrleansJobGrid.UnitTests.Sagas;

/// <summary>Definitions are read strictly, and everything wrong is told at once with its place.</summary>
public sealed class SagaReaderTests
{
    private const string Yaml = """
        name: sheet
        description: Photographs on a sheet
        timeout: 1h
        on_failure: cancel_siblings
        steps:
          resize:
            for_each: "{{input.photos}}"
            concurrency: 2
            timeout: 5m
            retry: { attempts: 3, base_delay: 500ms, multiplier: 1.5 }
            job:
              service_required: imaging
              payload: { operation: resize, input: "{{item}}" }
            compensate:
              http: { method: delete, url: "http://files/{{steps.resize.output.outputs[0].artefact}}" }
              retry: { attempts: 2 }
          approve:
            needs: resize
            if: "{{input.careful|false}}"
            signal: approved
            timeout: 1d
            on_failure: hold
          wait: { needs: [approve], delay: 90 }
          tell:
            needs: [wait, resize]
            saga: { name: other, version: 2, input: { all: "{{steps.resize.output[*].x}}" } }
        output: { sheet: "{{steps.tell.output}}" }
        """;

    [Fact]
    public void A_definition_is_the_same_in_yaml_and_in_json()
    {
        var yaml = Read(Yaml);
        var json = Read(yaml.Json);
        Assert.Equal(yaml.Json, json.Json);
        Assert.Equal(("sheet", TimeSpan.FromHours(1), FailurePolicy.CancelSiblings), (yaml.Name, yaml.Timeout, yaml.OnFailure));
        Assert.Equal(["resize", "approve", "wait", "tell"], yaml.Steps.Select(s => s.Name));
        var resize = json.Step("resize");
        Assert.Equal((2, TimeSpan.FromMinutes(5), 3), (resize.Concurrency, resize.Timeout, resize.Retry.Attempts));
        Assert.Equal([500, 750, 1_125], Enumerable.Range(1, 3).Select(t => resize.Retry.PauseAfter(t).TotalMilliseconds));
        Assert.Equal("DELETE", Assert.IsType<StepAction.Http>(resize.Compensate!.Action).Method);
        Assert.Equal(2, resize.Compensate.Retry.Attempts);
        Assert.Equal(FailurePolicy.Hold, json.Step("approve").OnFailure);
        Assert.Equal(TimeSpan.FromSeconds(90), Assert.IsType<StepAction.Delay>(json.Step("wait").Action).For);
        Assert.Equal(2, Assert.IsType<StepAction.Saga>(json.Step("tell").Action).Version);
    }

    [Fact]
    public void All_faults_come_at_once_with_line_and_column()
    {
        var faults = Faults("""
            name: bad name
            timout: 3h
            steps:
              a:
                needs: [b, nobody]
                job: { payload: {} }
                retry: { attempts: 0 }
              b:
                needs: a
                delay: soon
                http: { url: "ftp://x" }
              c:
                if: "{{steps.a.output}}"
                http: { url: "http://x/{{item}}", headers: { Idempotency-Key: x }, body: "{{inputs.x}}", accept: [700] }
            """);
        Assert.Equal(
            [
                "line 1, column 7: name is 'bad name'",
                "line 2, column 1: timout is not known; did you mean timeout?",
                "line 4, column 3: steps.a.needs names 'nobody'",
                "line 4, column 3: steps.a.needs comes back to itself by b",
                "line 6, column 10: steps.a.job.service_required is missing",
                "line 7, column 24: steps.a.retry.attempts is no whole number from 1 to 1000",
                "line 8, column 3: steps.b.needs comes back to itself by a",
                "line 9, column 5: steps.b does http and delay; give one of them",
                "line 12, column 3: steps.c.if has {{steps.a.output}}, but step 'a' is not sure to be done by then",
                "line 12, column 3: steps.c has {{item}}, and for_each alone gives an item",
                "line 12, column 3: steps.c has {{inputs.x}}, which begins with none of",
                "line 14, column 50: steps.c.http.headers.Idempotency-Key is no name of a header",
                "line 14, column 103: steps.c.http.accept has something that is no status code",
            ],
            faults.Select(f => f.ToString()),
            (expected, actual) => actual.StartsWith(expected, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("{\"name\": \"x\",\n  \"steps\": {\"a\" {}}}", "line 2, column 17: the definition is no JSON")]
    [InlineData("{\"name\": \"x\",\n  \"steps\": {\"a\": {\"delay\": 1}, \"a\": {\"delay\": 2}}}", "line 2, column 32: the definition is no JSON: 'a' stands twice")]
    [InlineData("name: x\nsteps: [", "line 3, column 1: the definition is no YAML")]
    [InlineData("name: x\nsteps:\n  a: { delay: 1 }\n  a: { delay: 2 }", "line 4, column 3: the definition is no YAML")]
    [InlineData("just a text", "line 1, column 1: the definition is a text; give an object.")]
    [InlineData("name: x\nsteps: {}", "line 2, column 8: steps is an object of 0 steps")]
    [InlineData("name: x\nsteps: { 1a: { delay: 1 } }", "line 2, column 10: steps.1a is no name of a step")]
    [InlineData("name: x\nsteps: { a: { delay: 1, retry: { attempts: 2 } } }", "line 2, column 32: steps.a.retry is not for waiting")]
    [InlineData("name: x\nsteps: { a: { delay: 1, concurrency: 2 } }", "line 2, column 38: steps.a.concurrency bounds")]
    [InlineData("name: x\nsteps: { a: { delay: 1, if: '{{input[}}' } }", "line 2, column 10: steps.a.if has {{input[}}, which is no JSONPath")]
    [InlineData("name: x\nsteps: { a: { delay: 1, compensate: { delay: 1 } } }", "line 2, column 37: steps.a.compensate does nothing; give one of job, http, saga")]
    [InlineData("a: &a [x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d]\nf: [*e, *e, *e, *e, *e, *e, *e, *e, *e]", "line 1, column 4: the definition is no YAML: it is deeper than 64 or larger")]
    public void What_is_wrong_is_said_with_its_place(string text, string first) => Assert.StartsWith(first, Faults(text)[0].ToString(), StringComparison.Ordinal);

    private static SagaDefinition Read(string text)
    {
        var definition = SagaReader.Read(text, out var faults);
        Assert.Empty(faults);
        return definition!;
    }

    private static IReadOnlyList<SagaFault> Faults(string text)
    {
        Assert.Null(SagaReader.Read(text, out var faults));
        Assert.NotEmpty(faults);
        return faults;
    }
}
