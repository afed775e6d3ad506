namespace OrleansJobGrid.Benchmarks.Simulation;

/// <summary>
/// Whose turn it is, reckoned beside the queue by its promise and not by its code: of all jobs that a worker can do the oldest, or with
/// fairness that of the customer who had least for its weight, of equals the one whose turn is longest ago.
/// </summary>
internal sealed class DayTurns(DaySettings settings)
{
    private readonly Queue<DayJob>[,] _waiting = Lines(settings);
    private readonly double[] _had = new double[settings.Weights.Count];
    private readonly int[] _inFlight = new int[settings.Weights.Count];
    private readonly int[] _count = new int[settings.Weights.Count];
    private readonly long[] _lastTurn = new long[settings.Weights.Count];
    private double _virtualTime;
    private long _turn;

    /// <summary>Jobs waiting of the customer who has fewest.</summary>
    public int Fewest => _count.Min();

    public int Waiting => _count.Sum();

    public void Arrived(DayJob job)
    {
        if (_count[job.Customer]++ == 0 && _inFlight[job.Customer] == 0)
            (_had[job.Customer], _lastTurn[job.Customer]) = (Math.Max(_had[job.Customer], _virtualTime), ++_turn);
        _waiting[job.Customer, job.Model].Enqueue(job);
    }

    /// <summary>The job whose turn it is at this worker; null: none that it can do waits.</summary>
    public DayJob? Next(DayWorker worker)
    {
        DayJob? next = null;
        for (var customer = 0; customer < _count.Length; customer++)
        {
            for (var model = 0; model < settings.Models && _count[customer] > 0; model++)
            {
                if (_waiting[customer, model].TryPeek(out var job) && worker.CanDo(model) && (next is null || Before(job, next)))
                    next = job;
            }
        }

        return next;
    }

    /// <summary>A job was granted; throws where an older one of the same customer and model waits.</summary>
    public void Granted(DayJob job, double charge)
    {
        if (_waiting[job.Customer, job.Model].Dequeue() != job)
            throw new InvalidOperationException($"{job.Id} was granted before an older one of its customer and model.");
        _count[job.Customer]--;
        _inFlight[job.Customer]++;
        _virtualTime = Math.Max(_virtualTime, _had[job.Customer]);
        _lastTurn[job.Customer] = ++_turn;
        _had[job.Customer] += charge / settings.Weights[job.Customer];
    }

    public void Ended(DayJob job, double charge, double seconds)
    {
        _inFlight[job.Customer]--;
        _had[job.Customer] += (seconds - charge) / settings.Weights[job.Customer];
    }

    private bool Before(DayJob a, DayJob b) =>
        settings.Fair && a.Customer != b.Customer
            ? (_had[a.Customer], _lastTurn[a.Customer]).CompareTo((_had[b.Customer], _lastTurn[b.Customer])) < 0
            : a.Number < b.Number;

    private static Queue<DayJob>[,] Lines(DaySettings settings)
    {
        var lines = new Queue<DayJob>[settings.Weights.Count, settings.Models];
        for (var customer = 0; customer < settings.Weights.Count; customer++)
        {
            for (var model = 0; model < settings.Models; model++)
                lines[customer, model] = new();
        }

        return lines;
    }
}
