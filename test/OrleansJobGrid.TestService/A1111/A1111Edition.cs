namespace OrleansJobGrid.TestService.A1111;

/// <summary>What differs between versions and start options of AUTOMATIC1111, as its sources say.</summary>
/// <param name="Name">As it is called here.</param>
/// <param name="TakesIds">Requests have <c>force_task_id</c> (from 1.8).</param>
/// <param name="HasInternal"><c>/internal/…</c> is there: not with <c>--nowebui</c>.</param>
public sealed record A1111Edition(string Name, bool TakesIds, bool HasInternal)
{
    /// <summary>1.7 with its UI.</summary>
    public static A1111Edition V17 { get; } = new("1.7", false, true);

    /// <summary>1.8 and later, and Forge, with the UI.</summary>
    public static A1111Edition V18 { get; } = new("1.8", true, true);

    /// <summary>The same with <c>--nowebui</c>.</summary>
    public static A1111Edition NoWebUi { get; } = new("1.8 --nowebui", true, false);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<A1111Edition> All { get; } = [V17, V18, NoWebUi];
}
