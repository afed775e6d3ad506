namespace OrleansJobGrid.Grains.Queues;

/// <summary>What a customer has in a queue, and what it had of it.</summary>
internal sealed class CustomerShare(string name, CustomerTerms terms) : IHeapItem
{
    public string Name { get; } = name;

    public CustomerTerms Terms { get; } = terms;

    /// <summary>
    /// Seconds of work charged, divided by the weight: the virtual time of fair queueing (Goyal, Vin, Cheng, "Start-time Fair Queueing", 1996).
    /// Who comes after a pause begins where the others are.
    /// </summary>
    public double Had { get; set; }

    /// <summary>The number of its last turn, or of its entering; of customers who had as much, the lower comes first.</summary>
    public long Turn { get; set; }

    /// <summary>Its place among the customers that a claim may serve; -1: it has no jobs there, or is held, or all are served in order.</summary>
    public int HeapIndex { get; set; } = -1;

    /// <summary>Jobs that wait.</summary>
    public int Waiting { get; set; }

    /// <summary>Jobs granted and not ended.</summary>
    public int InFlight { get; set; }

    /// <summary>Seconds charged in the budget's present day.</summary>
    public double UsedSeconds { get; set; }

    /// <summary>Lanes that have jobs of it.</summary>
    public List<Lane> Lanes { get; } = [];

    /// <summary>Whether its jobs are kept back now.</summary>
    public bool Held { get; set; }

    /// <summary>Why its jobs are kept back now; null: they are not.</summary>
    public string? HeldReason =>
        Terms.MaxInFlight is { } most && InFlight >= most ? $"customer '{Name}' has {InFlight} jobs in flight, its limit (MaxInFlight)"
        : Terms.GpuSecondsPerDay is { } budget && UsedSeconds >= budget
            ? $"customer '{Name}' used {UsedSeconds:0} of {budget:0} GPU-seconds of today (GpuSecondsPerDay); the next day begins at 00:00 UTC"
        : null;
}

/// <summary>The order of customers: who had least for its weight, then whose turn is longest ago.</summary>
internal readonly struct ShareOrder : IComparer<CustomerShare>
{
    public int Compare(CustomerShare? x, CustomerShare? y)
    {
        var byShare = x!.Had.CompareTo(y!.Had);
        return byShare != 0 ? byShare : x.Turn.CompareTo(y.Turn);
    }
}
