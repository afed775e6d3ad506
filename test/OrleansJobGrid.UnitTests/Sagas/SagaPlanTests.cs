using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using OrleansJobGrid.Sagas.Definitions;
using OrleansJobGrid.Sagas.Planning;
using Xunit;

namespace OrleansJobGrid.UnitTests.Sagas;

/// <summary>
/// Random graphs with random failures at random points, in a world that is killed at random: whatever happens, a saga ends completed, or with
/// exactly the started steps undone in reverse order, or parked with a reason; and nothing is begun twice.
/// </summary>
public sealed class SagaPlanTests
{
    private static readonly string[] Policies = ["compensate", "cancel_siblings", "continue", "hold"];

    [Fact]
    public void Every_saga_ends_as_it_must() =>
        Gen.Select(Gen.Int[1, 7], Gen.Int, Gen.Int[0, 60], Gen.Int[0, 40]).Sample((steps, seed, failing, undoFailing) => new World(seed, steps, failing, undoFailing).Live(), iter: 6_000);

    [Fact]
    public void A_saga_without_faults_does_each_step_once_and_undoes_none() =>
        Gen.Select(Gen.Int[1, 7], Gen.Int).Sample(
            (steps, seed) =>
            {
                var world = new World(seed, steps, 0, 0, interferes: false);
                world.Live();
                Assert.Equal(SagaStatus.Completed, world.Run.Status);
                Assert.All(world.Begun.Keys, k => Assert.Equal((false, 1), (UnitKey.Parse(k)!.Value.Undo, UnitKey.Parse(k)!.Value.Try)));
            },
            iter: 2_000);

    /// <summary>A saga with a world around it in which each key does its work once, however often it is begun.</summary>
    private sealed class World
    {
        private const string Id = "saga";
        private readonly Random _random;
        private readonly SagaDefinition _definition;
        private readonly int _seed;
        private readonly int _failing;
        private readonly int _undoFailing;
        private readonly bool _interferes;
        private readonly HashSet<string> _ended = [];
        private readonly List<(string Step, int Unit)> _undone = [];
        private readonly List<(string Step, int Unit)> _started = [];
        private long _now = 1_000_000;

        public World(int seed, int steps, int failing, int undoFailing, bool interferes = true)
        {
            (_seed, _failing, _undoFailing, _interferes) = (seed, failing, undoFailing, interferes);
            _random = new(seed);
            var json = DefinitionOf(steps).ToJsonString();
            _definition = SagaReader.Read(json, out var faults) ?? throw new InvalidOperationException(string.Join("; ", faults) + json);
            Run = SagaPlan.Begin(_definition, new JsonObject { ["list"] = new JsonArray(1, 2, 3), ["no"] = false }, "hash", _now);
        }

        public SagaRun Run { get; private set; }

        /// <summary>What was begun, with what it was to do.</summary>
        public Dictionary<string, string> Begun { get; } = [];

        public void Live()
        {
            Take(Plan().Start());
            for (var turn = 0; turn < 3_000 && !Run.IsOver; turn++)
            {
                Obey();
                if (Run.Status == SagaStatus.Parked)
                {
                    Assert.False(string.IsNullOrEmpty(Run.Reason));
                    if (!_interferes || _random.Next(3) == 0)
                        break;
                    Operate();
                    continue;
                }

                Turn();
            }

            Assert.True(Run.IsOver || Run.Status == SagaStatus.Parked, $"It is still {Run.Status}.");
            Judge();
        }

        /// <summary>Something happens.</summary>
        private void Turn()
        {
            var live = SagaPlan.Work(_definition, Run).ToList();
            var dice = _random.Next(100);
            if (_interferes && dice < 1)
                Take(Plan().Cancel(_random.Next(2) == 0, "somebody"));
            else if (_interferes && dice < 2)
                Take(Plan().Pause("somebody"));
            else if (_interferes && dice < 5)
                Take(Plan().Signal("go", JsonValue.Create(dice)));
            else if (dice < 20 && _ended.Count > 0)
                // What is over ends once more, as a message that comes twice does.
                Stale(_ended.ElementAt(_random.Next(_ended.Count)));
            else if (dice < 30)
                Kill();
            else if (live.Count > 0 && dice < 85)
                End(live[_random.Next(live.Count)]);
            else
                Wait();
            if (Run.Paused && _random.Next(4) == 0)
                Take(Plan().Resume("somebody"));
            if (!_interferes && Run.Steps.Any(s => _definition.Step(s.Name).Action is StepAction.Signal && s.Status == StepStatus.Running))
                Take(Plan().Signal("go", null));
        }

        private void Operate()
        {
            if (_random.Next(2) == 0)
            {
                var plan = Plan();
                if (plan.Retry(null, "operator") is { } refused)
                    Assert.Contains("undo", refused, StringComparison.OrdinalIgnoreCase);
                Take(plan);
            }
            else if (Run.Steps.FirstOrDefault(s => s.Units.Any(u => u.Undo is { Status: UndoStatus.Failed })) is { } stuck)
            {
                var plan = Plan();
                Assert.Null(plan.SkipUndo(stuck.Name, "operator"));
                Take(plan);
            }
            else
            {
                Take(Plan().Cancel(_random.Next(2) == 0, "operator"));
            }
        }

        private SagaPlan Plan() => new(_definition, Id, Run, _now);

        private void Take(SagaPlan plan)
        {
            var before = Run;
            Run = plan.Run;
            Assert.Equal(plan.Changed, !ReferenceEquals(before, Run));
            foreach (var happening in plan.Happened)
            {
                var unit = (happening.Step ?? "", happening.Unit ?? 0);
                switch (happening.Type)
                {
                    case "step_started":
                        if (happening.Try == 1)
                            _started.Add(unit);
                        Assert.All(_definition.Step(happening.Step!).Needs, n => Assert.True(
                            Run.Steps.First(s => s.Name == n) is { Status: StepStatus.Completed } or { Status: StepStatus.Skipped, Error: null }, $"{happening.Step} began before {n} was done."));
                        break;
                    case "undone":
                        _undone.Add(unit);
                        break;
                    case "undo_started":
                        Assert.DoesNotContain(Run.Steps.SelectMany(s => s.Units), u => u.Status == UnitStatus.Running);
                        break;
                }
            }

            Assert.Equal(before.EventCount + plan.Happened.Count, Run.EventCount);
            Assert.True(Run.IsOver || SagaPlan.NextDue(_definition, Run) > _now - 1, "It is due in the past.");
        }

        /// <summary>Begins what is to be under way; what was begun before is the very same.</summary>
        private void Obey()
        {
            foreach (var work in SagaPlan.Work(_definition, Run))
            {
                var request = work.Request.ToJsonString();
                if (!Begun.TryAdd(work.Key.ToString(), request))
                    Assert.Equal(Begun[work.Key.ToString()], request);
                Assert.Equal(work.Key, UnitKey.Parse(work.Key.ToString()));
            }
        }

        private void End(SagaWork work)
        {
            var key = work.Key.ToString();
            Assert.True(_ended.Add(key), $"{key} runs a second time.");
            var chance = work.Key.Undo ? _undoFailing : _failing;
            var fate = new Random(HashCode.Combine(_seed, work.Key.Step.Length, work.Key.Unit, work.Key.Try, work.Key.Undo)).Next(100);
            var end = work.Stop is not null && fate % 2 == 0 ? new UnitEnd(null, "stopped", Final: true)
                : fate < chance ? new UnitEnd(null, "broken", Final: fate % 5 == 0)
                : new UnitEnd(new JsonObject { ["value"] = key });
            Take(Plan().Ended(work.Key, end));
        }

        private void Stale(string key)
        {
            var plan = Plan().Ended(UnitKey.Parse(key)!.Value, new(JsonValue.Create("again")));
            Assert.False(plan.Changed);
        }

        /// <summary>All that is left is what was written.</summary>
        private void Kill()
        {
            var written = JsonSerializer.Serialize(Run);
            Run = JsonSerializer.Deserialize<SagaRun>(written)!;
            Assert.Equal(written, JsonSerializer.Serialize(Run));
        }

        private void Wait()
        {
            _now = Math.Max(_now, Math.Min(SagaPlan.NextDue(_definition, Run), _now + 3_600_000)) + _random.Next(10);
            Take(Plan().Due());
        }

        private void Judge()
        {
            var units = Run.Steps.SelectMany((s, i) => s.Units.Select((u, n) => (Step: _definition.Steps[i], Unit: u, At: n))).ToList();
            Assert.Equal(_started.Count, units.Count(u => u.Unit.Start is not null));
            Assert.Equal(Enumerable.Range(0, _started.Count), units.Select(u => u.Unit.Start).OfType<int>().Order());
            var reversed = units.Where(u => u.Unit.Start is not null && u.Step.Compensate is not null).OrderByDescending(u => u.Unit.Start).ToList();
            if (Run.IsOver)
                Assert.DoesNotContain(units, u => u.Unit.Status is UnitStatus.Running or UnitStatus.Retrying || u.Unit.Undo is { Status: UndoStatus.Running or UndoStatus.Retrying or UndoStatus.Failed });
            switch (Run.Status)
            {
                case SagaStatus.Completed:
                    Assert.All(Run.Steps, s => Assert.True(
                        s.Status is StepStatus.Completed or StepStatus.Skipped || (s.Status == StepStatus.Failed && (_definition.Step(s.Name).OnFailure ?? _definition.OnFailure) == FailurePolicy.Continue)));
                    Assert.Empty(_undone);
                    break;
                case SagaStatus.Compensated:
                    Assert.NotEmpty(reversed);
                    Assert.All(reversed, u => Assert.True(u.Unit.Undo is { Status: UndoStatus.Done or UndoStatus.Skipped }));
                    Assert.Equal(reversed.Where(u => u.Unit.Undo!.Status == UndoStatus.Done).Select(u => (u.Step.Name, u.At)), _undone);
                    break;
                case SagaStatus.Failed or SagaStatus.Cancelled:
                    Assert.Empty(_undone);
                    Assert.True(reversed.Count == 0 || Run.Cancel is { Compensate: false });
                    break;
            }

            Assert.All(units, u => Assert.InRange(u.Unit.Try - u.Unit.TriesBefore, 0, u.Step.Retry.Attempts));
            Assert.True(Run.Status == SagaStatus.Completed || !string.IsNullOrEmpty(Run.Reason));
        }

        private JsonObject DefinitionOf(int count)
        {
            var steps = new JsonObject();
            for (var i = 0; i < count; i++)
            {
                var name = new string('s', i + 1);
                var step = new JsonObject { ["needs"] = new JsonArray([.. Enumerable.Range(0, i).Where(_ => _random.Next(3) == 0).Select(n => (JsonNode?)new string('s', n + 1))]) };
                var each = _random.Next(4) == 0;
                if (each)
                    (step["for_each"], step["concurrency"]) = ("{{input.list}}", _random.Next(1, 4));
                if (_random.Next(8) == 0)
                    step["if"] = "{{input.no}}";
                if (_interferes && _random.Next(4) == 0)
                    step["on_failure"] = Policies[_random.Next(4)];
                switch (_random.Next(6))
                {
                    case 0:
                        step["delay"] = "10s";
                        break;
                    case 1:
                        (step["signal"], step["timeout"]) = ("go", _interferes ? "1h" : "365d");
                        break;
                    case 2:
                        step["http"] = new JsonObject { ["url"] = "http://x/{{saga.id}}" };
                        break;
                    default:
                        var needs = (JsonArray)step["needs"]!;
                        step["job"] = new JsonObject { ["service_required"] = "x", ["payload"] = new JsonObject { ["item"] = each ? "{{item}}" : null, ["of"] = needs.Count > 0 ? $"{{{{steps.{needs[0]}.output|none}}}}" : null } };
                        break;
                }

                if (step["delay"] is null && step["signal"] is null)
                {
                    step["retry"] = new JsonObject { ["attempts"] = _random.Next(1, 4) };
                    if (_interferes && _random.Next(3) == 0)
                        step["timeout"] = "1m";
                }

                if (_random.Next(2) == 0)
                    step["compensate"] = new JsonObject { ["http"] = new JsonObject { ["url"] = "http://undo" }, ["retry"] = new JsonObject { ["attempts"] = _random.Next(1, 4) } };
                steps[name] = step;
            }

            return new() { ["name"] = "random", ["timeout"] = _interferes ? "1d" : "365d", ["on_failure"] = _interferes ? Policies[_random.Next(4)] : "compensate", ["steps"] = steps };
        }
    }
}
