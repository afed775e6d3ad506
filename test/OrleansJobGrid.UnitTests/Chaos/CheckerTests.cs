using System.Text.Json;
using OrleansJobGrid.Chaos.Checking;
using OrleansJobGrid.Chaos.Workload;
using OrleansJobGrid.Client;
using OrleansJobGrid.TestKit.Outside;
using Xunit;

namespace OrleansJobGrid.UnitTests.Chaos;

public sealed class CheckerTests
{
    private static readonly DateTimeOffset At = DateTimeOffset.UnixEpoch;

    private readonly List<Acknowledgement> _acknowledged = [];
    private readonly List<(string, string, long)> _effects = [];
    private readonly List<ServiceEvent> _service = [];
    private readonly Dictionary<string, FinalJob> _jobs = [];

    [Fact]
    public void What_was_done_once_and_told_once_holds()
    {
        InProcess("a", epoch: 2, ("START", 1), ("START", 2), ("END", 2));
        Outside("b", told: "x1", stale: 0, ("START", "x1"), ("END", "x1"));

        var found = Judge();

        Assert.True(found.Holds);
        Assert.Equal((2, 2, 0), (found.Acknowledged, found.Completed, found.Reruns));
    }

    [Fact]
    public void A_job_that_is_not_there_is_lost()
    {
        _acknowledged.Add(new(At, "k", "a"));

        Assert.Contains("a is not there", Assert.Single(Judge().Lost), StringComparison.Ordinal);
    }

    [Fact]
    public void A_job_that_cannot_be_read_is_lost()
    {
        _acknowledged.Add(new(At, "k", "a"));

        var found = Checker.Judge(new() { Acknowledged = _acknowledged, SideEffects = [], Service = [], Jobs = _jobs, Unreadable = new Dictionary<string, string> { ["a"] = "no silo" } });

        Assert.Contains("a cannot be read: no silo", Assert.Single(found.Lost), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pending")]
    [InlineData("held")]
    public void A_job_that_came_to_no_end_is_lost(string status)
    {
        Add("a", "simulation", status, 1);

        Assert.Single(Judge().Lost);
    }

    [Fact]
    public void A_failed_job_is_told_but_poison_by_rule_is_not_held_against_the_grid()
    {
        Add("a", "simulation", "failed", 1, error: "poison: its worker was lost 3 times");
        Assert.True(Judge().Holds);
        Add("b", "simulation", "failed", 1, error: "something else");

        var found = Judge();

        Assert.Single(found.Poisoned);
        Assert.Contains("b ended failed", Assert.Single(found.Failed), StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_completion_is_found_in_the_audit_log()
    {
        InProcess("a", 1, ("START", 1), ("END", 1));
        _jobs["a"] = _jobs["a"] with { Events = [.. _jobs["a"].Events, .. _jobs["a"].Events] };

        Assert.Single(Judge().DoubledCompletions);
    }

    [Fact]
    public void A_completion_in_an_epoch_that_never_ended_is_somebody_elses()
    {
        InProcess("a", 2, ("START", 1), ("END", 1), ("START", 2));

        Assert.Contains("epoch 2", Assert.Single(Judge().DoubledCompletions), StringComparison.Ordinal);
    }

    [Fact]
    public void One_grant_that_runs_twice_is_a_doubled_effect_and_another_grant_a_rerun()
    {
        InProcess("a", 2, ("START", 1), ("END", 1), ("START", 2), ("END", 2));
        InProcess("b", 1, ("START", 1), ("START", 1), ("END", 1));

        var found = Judge();

        Assert.StartsWith("b:", Assert.Single(found.DoubledEffects), StringComparison.Ordinal);
        Assert.Equal(1, found.Reruns);
    }

    [Theory]
    [InlineData(0, 1, 0)]
    [InlineData(1, 0, 1)]
    public void A_second_execution_outside_is_held_against_the_grid_unless_it_was_found_as_a_late_post(int told, int doubled, int late)
    {
        Outside("a", "x2", told, ("START", "x1"), ("START", "x2"), ("END", "x1"), ("END", "x2"));

        var found = Judge();

        Assert.Equal((doubled, late), (found.DoubledEffects.Count, found.StaleSubmits));
    }

    [Fact]
    public void A_result_that_the_service_never_brought_to_an_end_is_nobodys()
    {
        Outside("a", "x1", 0, ("START", "x1"));

        Assert.Single(Judge().DoubledCompletions);
    }

    [Fact]
    public void Two_jobs_for_one_key_and_jobs_that_nobody_asked_for_are_doubles()
    {
        InProcess("a", 1, ("START", 1), ("END", 1));
        InProcess("b", 1, ("START", 1), ("END", 1));
        _acknowledged[1] = _acknowledged[1] with { Key = _acknowledged[0].Key };
        Assert.Single(Judge().DoubledCompletions);

        _acknowledged.RemoveAt(1);

        Assert.Single(Judge().DoubledCompletions);
        Assert.True(Judge(unanswered: 1).Holds);
    }

    [Fact]
    public void Sagas_end_as_they_must_with_each_effect_once_and_in_its_order()
    {
        Assert.True(JudgeSagas((1, SagaStatus.Completed, SagaMix.EffectsOf(1)), (3, SagaStatus.Compensated, SagaMix.EffectsOf(3))).Holds);
        Assert.Single(JudgeSagas((1, SagaStatus.Completed, ["/1/first", "/1/first", "/1/last"])).DoubledEffects);
        Assert.Single(JudgeSagas((1, SagaStatus.Completed, ["/1/first"])).Lost);
        Assert.Single(JudgeSagas((3, SagaStatus.Compensated, ["/3/first", "/3/undo-first", "/3/undo-pair-1", "/3/undo-pair-0", "/3/undo-last"])).Lost);
        Assert.Single(JudgeSagas((1, SagaStatus.Parked, [])).Lost);
        Assert.Single(JudgeSagas((1, SagaStatus.Compensated, [])).Failed);
        Assert.Single(JudgeSagas((1, null, [])).Lost);
        // What nobody was told of must be one of the unanswered.
        Assert.Single(Checker.Judge(new() { Acknowledged = [], SideEffects = [], Service = [], Jobs = _jobs, Sagas = new Dictionary<string, Saga> { ["x"] = new() { Id = "x", Status = SagaStatus.Completed } } }).DoubledCompletions);
    }

    private Findings JudgeSagas(params (int Number, string? Status, IReadOnlyList<string> Effects)[] sagas) => Checker.Judge(new()
    {
        Acknowledged = [],
        SideEffects = [],
        Service = [],
        Jobs = _jobs,
        AcknowledgedSagas = [.. sagas.Select(s => new Acknowledgement(At, $"chaos-1-{s.Number}", $"saga-{s.Number}"))],
        Sagas = sagas.Where(s => s.Status is not null).ToDictionary(s => $"saga-{s.Number}", s => new Saga { Id = $"saga-{s.Number}", Status = s.Status! }),
        Effects = [.. sagas.SelectMany(s => s.Effects)],
    });

    private Findings Judge(int unanswered = 0) =>
        Checker.Judge(new() { Acknowledged = _acknowledged, Unanswered = unanswered, SideEffects = _effects, Service = _service, Jobs = _jobs });

    private void InProcess(string id, long epoch, params (string What, long Epoch)[] effects)
    {
        Add(id, "simulation", "completed", epoch, events: Event("completed"));
        _effects.AddRange(effects.Select(e => (e.What, id, e.Epoch)));
    }

    private void Outside(string id, string told, int stale, params (string What, string ExternalId)[] events)
    {
        Add(id, OutsideSettings.Service, "completed", 1, result: $$"""{"external_id": "{{told}}"}""",
            events: [.. Enumerable.Repeat(Event("stale_submit"), stale), Event("completed")]);
        _service.AddRange(events.Select((e, i) => new ServiceEvent(i, "boot", At, e.What, e.ExternalId, id)));
    }

    private void Add(string id, string service, string status, long epoch, string? error = null, string? result = null, params JobEvent[] events)
    {
        _acknowledged.Add(new(At, $"key-{id}", id));
        var job = new Job
        {
            Id = id,
            Status = status,
            ServiceRequired = service,
            Epoch = epoch,
            Error = error is null ? null : JsonSerializer.SerializeToElement(error),
            Result = result is null ? null : JsonDocument.Parse(result).RootElement,
        };
        _jobs.Add(id, new(job, events));
    }

    private static JobEvent Event(string type) => new(1, type, At, null, null, null, null, null, null);
}
