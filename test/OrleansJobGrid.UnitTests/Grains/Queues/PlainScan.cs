using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Matching;
using OrleansJobGrid.Grains.Queues;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.UnitTests.Grains.Queues;

/// <summary>What a <see cref="ReadyView"/> must choose, by looking at every job with the same predicate and rank.</summary>
internal sealed class PlainScan(QueuePolicy policy)
{
    private readonly Dictionary<string, Customer> _customers = [];
    private readonly Dictionary<string, (int Times, long Since)> _passed = [];
    private double _virtualTime;
    private long _turn;

    public List<(StoredReady Ready, Signature Signature)> Jobs { get; } = [];

    public void Add(StoredReady ready, Signature signature)
    {
        var customer = CustomerOf(ready.Customer);
        if (customer.InFlight == 0 && !Jobs.Exists(j => j.Ready.Customer == ready.Customer))
            (customer.Had, customer.Turn) = (Math.Max(customer.Had, _virtualTime), ++_turn);
        Jobs.Add((ready, signature));
    }

    public (StoredReady Ready, Signature Signature)? Take(WorkerMatch worker, ClaimFacts facts, long clock)
    {
        var able = Jobs.Where(j => CanDo(j.Signature, j.Ready.Customer, worker, facts)).ToList();
        if (able.Count == 0)
            return null;
        var level = able.Max(j => LevelOf(j.Ready));
        var inLevel = able.Where(j => LevelOf(j.Ready) == level)
            .OrderBy(j => policy.Fair ? CustomerOf(j.Ready.Customer).Had : 0)
            .ThenBy(j => policy.Fair ? CustomerOf(j.Ready.Customer).Turn : 0)
            .ThenBy(j => policy.AgeingStepMs == 0 ? 0 : j.Ready.Order.Time - (j.Ready.Order.Priority * policy.AgeingStepMs))
            .ThenBy(j => policy.AgeingStepMs == 0 ? 0 : j.Ready.Order.Time)
            .ThenBy(j => policy.AgeingStepMs == 0 ? j.Ready.Order : default).ThenBy(j => j.Ready.Order.Sequence).ToList();
        var chosen = inLevel[0];
        var passed = _passed.GetValueOrDefault(chosen.Ready.JobId);
        if (policy.Affinity && passed.Times < policy.MaxBypasses && (passed.Times == 0 || clock - passed.Since < policy.MaxBypassMs))
        {
            // OrderBy is stable: of equal rank the first in order.
            var suits = inLevel.OrderByDescending(j => RankOf(j.Signature, facts)).First();
            if (RankOf(suits.Signature, facts).CompareTo(RankOf(chosen.Signature, facts)) > 0)
            {
                _passed[chosen.Ready.JobId] = (passed.Times + 1, passed.Times == 0 ? clock : passed.Since);
                chosen = suits;
            }
        }

        Jobs.Remove(chosen);
        _passed.Remove(chosen.Ready.JobId);
        var customer = CustomerOf(chosen.Ready.Customer);
        customer.InFlight++;
        _virtualTime = Math.Max(_virtualTime, customer.Had);
        customer.Turn = ++_turn;
        customer.Had += 1 / policy.TermsOf(chosen.Ready.Customer).Weight;
        return chosen;
    }

    public void Ended(string name, double seconds)
    {
        var customer = CustomerOf(name);
        customer.InFlight--;
        customer.Had += (seconds - 1) / policy.TermsOf(name).Weight;
    }

    private bool CanDo(Signature signature, string customer, WorkerMatch worker, ClaimFacts facts)
    {
        var need = JobNeed.Of(signature);
        return !Matcher.Failures(need, worker).Any() && !Matcher.ExcludesWorker(need, worker) && worker.AllowsCustomer(customer, facts.Customers)
            && (facts.FreeGpuMemoryMb is not { } free || Math.Max(need.EnvelopeMb ?? 0, need.FloorMb) <= free)
            && !(policy.TermsOf(customer).MaxInFlight is { } most && CustomerOf(customer).InFlight >= most);
    }

    private long LevelOf(StoredReady ready) => policy.AgeingStepMs == 0 ? ready.Order.Priority
        : -(long)Math.Floor((ready.Order.Time - (ready.Order.Priority * policy.AgeingStepMs)) / (double)policy.AgeingStepMs);

    private static (int, int) RankOf(Signature signature, ClaimFacts facts)
    {
        var need = JobNeed.Of(signature);
        return ReadyView.Suits(need, Math.Max(need.FloorMb, need.EnvelopeMb ?? 0), facts);
    }

    private Customer CustomerOf(string name) => _customers.TryGetValue(name, out var known) ? known : _customers[name] = new() { Had = _virtualTime };

    private sealed class Customer
    {
        public double Had { get; set; }
        public long Turn { get; set; }
        public int InFlight { get; set; }
    }
}
