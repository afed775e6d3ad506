using System.Globalization;

namespace OrleansJobGrid.Chaos.Faults;

/// <summary>One fault of a schedule.</summary>
/// <param name="At">From the start of the run.</param>
/// <param name="For">How long it lasts; what it takes to start again comes on top.</param>
/// <param name="Nemesis">What happens.</param>
/// <param name="Target">To whom.</param>
/// <param name="Way">How, where there are several ways.</param>
/// <param name="Amount">How much: a delay of answers, or a step of the clock.</param>
internal sealed record Fault(TimeSpan At, TimeSpan For, Nemesis Nemesis, Target Target, LinkWay Way = LinkWay.Pass, TimeSpan Amount = default)
{
    public override string ToString()
    {
        static string Seconds(TimeSpan t) => t.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
        var how = Nemesis switch
        {
            Nemesis.Proxy => $" {Way}{(Amount == default ? "" : $" {Amount.TotalMilliseconds:0} ms")}",
            Nemesis.Clock => $" {(Amount < TimeSpan.Zero ? "" : "+")}{Seconds(Amount)} s",
            _ => "",
        };
        return $"{Seconds(At)} s: {Nemesis.Name()} {Target}{how} for {Seconds(For)} s";
    }
}

/// <summary>A process of the run, or a way into it.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Place">Which silo, from 0; -1 where there is only one.</param>
internal readonly record struct Target(TargetKind Kind, int Place = -1)
{
    public override string ToString() => Kind switch
    {
        TargetKind.Silo => $"silo-{Place}",
        TargetKind.Gateway => "gateway",
        TargetKind.Store => "store",
        TargetKind.SiloToStore => $"silo-{Place}->store",
        TargetKind.GatewayToStore => "gateway->store",
        TargetKind.SilosToSilo => $"silos->silo-{Place}",
        _ => "all silos",
    };
}

internal enum TargetKind
{
    Silo,
    Gateway,
    Store,
    SiloToStore,
    GatewayToStore,
    SilosToSilo,
    All,
}

/// <summary>What a link does to what goes over it.</summary>
internal enum LinkWay
{
    Pass,

    /// <summary>Open connections end, new ones are refused.</summary>
    Cut,

    /// <summary>Each direction is late.</summary>
    Delay,

    /// <summary>Requests arrive, answers are swallowed; then the connections end.</summary>
    DropAnswers,

    /// <summary>Requests are swallowed; then the connections end.</summary>
    DropRequests,
}
