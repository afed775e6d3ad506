using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Matching;

namespace OrleansJobGrid.Grains.Queues;

/// <summary>What customers have and had.</summary>
public sealed partial class ReadyView
{
    private double _virtualTime;
    private long _turn;

    /// <summary>Jobs of a customer that were granted and have not ended.</summary>
    public int InFlight(string customer) => _customers.TryGetValue(customer, out var share) ? share.InFlight : 0;

    /// <summary>What keeps a customer's jobs back; null: nothing.</summary>
    public string? HeldReason(string customer) => _customers.TryGetValue(customer, out var share) ? share.HeldReason : null;

    /// <summary>Seconds charged today, of customers with a budget.</summary>
    public IReadOnlyDictionary<string, double> Used =>
        _customers.Values.Where(c => c.Terms.GpuSecondsPerDay is not null && c.UsedSeconds > 0).ToDictionary(c => c.Name, c => c.UsedSeconds, StringComparer.Ordinal);

    /// <summary>Puts back what <see cref="Pop"/> took, unless something newer is in.</summary>
    public void PutBack(ReadyItem item) => Add(item.Shard, item.Ready, item.Signature);

    /// <summary>What <see cref="Pop"/> took came to no grant: nothing is in flight, nothing was used. True: jobs that were held may go now.</summary>
    public bool Release(ReadyItem item) => Settle(ShareOf(item.Ready.Customer), item.Charge, 0);

    /// <summary>A granted job left its worker. True: jobs that were held may go now.</summary>
    /// <param name="customer">Whose it was.</param>
    /// <param name="charge">Seconds charged at the claim.</param>
    /// <param name="seconds">Seconds that it took.</param>
    public bool Ended(string customer, double charge, double seconds) => Settle(ShareOf(customer), charge, seconds);

    /// <summary>A job that was granted before this view came into being.</summary>
    /// <param name="customer">Whose it is.</param>
    /// <param name="charge">Seconds that it is taken to need.</param>
    public void Resumes(string customer, double charge)
    {
        var share = ShareOf(customer);
        share.InFlight++;
        share.UsedSeconds += charge;
        Spend(share, charge);
        HoldOrFree(share);
    }

    /// <summary>Seconds that a job is charged at its claim: what its submitter says, else what runs like it took, else 1.</summary>
    public double CostSeconds(Signature signature)
    {
        var need = JobNeed.Of(signature);
        return need.Requirements.Envelope?.RuntimeSeconds ?? _learned.GetValueOrDefault(need.LearningKey)?.P50Seconds ?? 1;
    }

    /// <summary>Sets what customers used today. True: jobs that were held may go now.</summary>
    public bool SetUsed(IReadOnlyDictionary<string, double> used)
    {
        var freed = false;
        foreach (var share in _customers.Values.Where(c => c.Terms.GpuSecondsPerDay is not null))
        {
            share.UsedSeconds = used.GetValueOrDefault(share.Name);
            freed |= HoldOrFree(share);
        }

        foreach (var (customer, seconds) in used.Where(u => !_customers.ContainsKey(u.Key)))
        {
            var share = ShareOf(customer);
            share.UsedSeconds = seconds;
            HoldOrFree(share);
        }

        return freed;
    }

    private CustomerShare ShareOf(string customer)
    {
        if (_customers.TryGetValue(customer, out var share))
            return share;
        if (_customers.Count >= SharesKept)
            ForgetIdle();
        share = new(customer, _policy.TermsOf(customer)) { Had = _virtualTime };
        _customers.Add(customer, share);
        return share;
    }

    /// <summary>Who had more than its share keeps that; who had less begins where the others are.</summary>
    private void Enters(CustomerShare share)
    {
        if (share.InFlight == 0)
            (share.Had, share.Turn) = (Math.Max(share.Had, _virtualTime), ++_turn);
        if (_policy.Fair && !share.Held)
            _turns.Add(share);
    }

    private void ForgetIdle()
    {
        foreach (var idle in _customers.Values.Where(c => c is { Waiting: 0, InFlight: 0, UsedSeconds: 0 } && c.Had <= _virtualTime).ToList())
            _customers.Remove(idle.Name);
    }

    private double Charge(CustomerShare share, double seconds)
    {
        share.InFlight++;
        share.UsedSeconds += seconds;
        _virtualTime = Math.Max(_virtualTime, share.Had);
        share.Turn = ++_turn;
        Spend(share, seconds);
        HoldOrFree(share);
        return seconds;
    }

    private bool Settle(CustomerShare share, double charge, double seconds)
    {
        share.InFlight--;
        share.UsedSeconds = Math.Max(0, share.UsedSeconds + seconds - charge);
        Spend(share, seconds - charge);
        return HoldOrFree(share);
    }

    private void Spend(CustomerShare share, double seconds)
    {
        share.Had += seconds / share.Terms.Weight;
        if (share.HeapIndex >= 0)
            _turns.Moved(share);
    }

    private bool HoldOrFree(CustomerShare share)
    {
        var held = share.HeldReason is not null;
        if (held == share.Held)
            return false;
        share.Held = held;
        if (held && share.HeapIndex >= 0)
            _turns.Remove(share);
        if (held)
            return false;
        if (_policy.Fair && share.Waiting > 0)
            _turns.Add(share);
        foreach (var lane in share.Lanes.Where(l => l.HeapIndex < 0))
            lane.Bucket.Open.Add(lane);
        return true;
    }
}
