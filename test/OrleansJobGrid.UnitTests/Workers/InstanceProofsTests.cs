using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Workers.Breakers;
using OrleansJobGrid.Workers.Execution;
using OrleansJobGrid.Workers.Hosting;
using Xunit;

namespace OrleansJobGrid.UnitTests.Workers;

/// <summary>What a service can do is found out before the first job goes there.</summary>
public sealed class InstanceProofsTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeExternalConnector _connector = new("s/far", "s/here");
    private readonly CancellationTokenSource _over = new();
    private readonly InstanceProofs _proofs;
    private readonly WorkerOffer _offer;
    private Task _running = Task.CompletedTask;
    private int _asked;

    public InstanceProofsTests()
    {
        _proofs = new(new IConnector[] { _connector }, _time, NullLogger.Instance);
        _offer = new([_connector], new(Options.Create(new WorkerOptions()), _time, NullLogger<InstanceBreakers>.Instance, _proofs));
    }

    private InstanceHealth Far => _proofs.Of(["s/far"])["s/far"];

    [Fact]
    public async Task Nothing_is_claimed_for_an_instance_before_it_was_asked_and_the_others_do_not_wait_for_it()
    {
        var answer = new TaskCompletionSource<InstanceProof>();
        _connector.Proof = instance => instance == "s/far" ? answer.Task : Task.FromResult(new InstanceProof(ServiceCapabilities.None, Proved: false));
        Assert.Empty(_offer.Now.Services);
        Run();
        await Eventually.Holds(() => _offer.Now.Instances.SequenceEqual(["s/here"]), "the one that answers is used");
        Assert.Equal(InstanceHealth.Unproved, Far.State);
        answer.SetResult(new(ServiceCapabilities.StatusQuery | ServiceCapabilities.ModelList, Proved: true) { BootMark = "b", Version = "0.27", Models = ["sdxl", "flux"] });
        await Eventually.Holds(() => _offer.Now.Instances.Count == 2, "the other too");
        Assert.Equal((InstanceHealth.Proved, "0.27", "b", 2, null), (Far.State, Far.Version, Far.BootMark, Far.Models, Far.Fault));
        Assert.Equal(["status_query", "model_list"], Far.Capabilities);
        Assert.Equal(InstanceHealth.Stated, _proofs.Of(["s/here"])["s/here"].State);
    }

    [Fact]
    public async Task An_instance_that_does_not_answer_is_asked_each_5_s_and_says_why_it_is_not_used()
    {
        var down = true;
        _connector.Proof = instance => instance != "s/far" ? Unstated : ++_asked > 0 && down ? throw new HttpRequestException("Connection refused") : Unstated;
        Run();
        await Eventually.Holds(() => Far.Fault == "Connection refused", "the first question failed");
        Assert.DoesNotContain("s/far", _offer.Now.Instances);
        down = false;
        await Advance(TimeSpan.FromSeconds(5), () => _offer.Now.Instances.Contains("s/far"));
        Assert.Null(Far.Fault);
        Assert.InRange(_asked, 2, int.MaxValue);
    }

    [Fact]
    public async Task One_that_was_asked_and_does_not_answer_later_is_left_to_its_breaker()
    {
        _connector.Proof = _ => Volatile.Read(ref _asked) == 0 ? Unstated : throw new HttpRequestException("Connection refused");
        Run();
        await Eventually.Holds(() => _offer.Now.Instances.Count == 2, "both answered");
        Volatile.Write(ref _asked, 1);
        await Advance(TimeSpan.FromMinutes(1), () => Far.Fault is not null);
        Assert.Equal(2, _offer.Now.Instances.Count);
    }

    [Fact]
    public async Task A_question_without_an_answer_ends_after_10_s()
    {
        _connector.Proof = _ => new TaskCompletionSource<InstanceProof>().Task;
        Run();
        await Advance(TimeSpan.FromSeconds(10), () => Far.Fault == "it did not answer within 10 s.");
    }

    [Fact]
    public void What_a_service_lacks_has_a_cost_that_is_said()
    {
        Assert.Empty(CapabilityNames.Costs([CapabilityNames.StatusQuery, CapabilityNames.Cancel, CapabilityNames.Attach]));
        Assert.Contains("on_unknown", CapabilityNames.Costs([CapabilityNames.Cancel]).Single());
        Assert.Contains("taken over", CapabilityNames.Costs([CapabilityNames.Cancel, CapabilityNames.StatusQuery]).Single());
        Assert.Contains("stopped", CapabilityNames.Costs([CapabilityNames.StatusQuery, CapabilityNames.Attach]).Single());
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _running;
        _over.Dispose();
    }

    private static Task<InstanceProof> Unstated { get; } = Task.FromResult(new InstanceProof(ServiceCapabilities.None, Proved: true));

    private void Run() => _running = _proofs.Run(_over.Token);

    private Task Advance(TimeSpan step, Func<bool> until) => Eventually.Holds(
        () =>
        {
            if (until())
                return true;
            _time.Advance(step);
            return until();
        },
        "it was asked again");
}
