using Xunit;

namespace OrleansJobGrid.ProcessTests.Recovery;

/// <summary>Tests that read the clock run alone: others beside them would be in their figures.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class TimedCollection
{
    public const string Name = "timed";
}
