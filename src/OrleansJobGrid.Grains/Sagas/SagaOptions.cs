using System.ComponentModel.DataAnnotations;

namespace OrleansJobGrid.Grains.Sagas;

/// <summary>Settings of sagas, section <c>JobGrid:Sagas</c>.</summary>
public sealed class SagaOptions
{
    /// <summary>
    /// Where HTTP steps may go: beginnings of addresses, such as <c>https://hooks.example.org/</c>. An address within this grid's own API
    /// (<c>/api/…</c>) always may. Default none: a saga comes from whoever may submit one, and the grid stands where others may not reach.
    /// </summary>
    public IList<string> Allow { get; } = [];

    /// <summary>Address of this grid's API for steps that go there; null: that of this process, if it is a gateway.</summary>
    public string? GridUrl { get; set; }

    /// <summary>Longest time of an HTTP call where the step names none. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a saga is kept after its end. Default 7 days.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")]
    public TimeSpan Keep { get; set; } = TimeSpan.FromDays(7);
}
