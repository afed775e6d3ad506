using OrleansJobGrid.Storage;

namespace OrleansJobGrid.TestKit.Stores;

/// <summary>A fresh store as the conformance suite gets it; disposing closes it and removes its data.</summary>
public interface IStoreUnderTest : IAsyncDisposable
{
    /// <summary>The open store; another object after <see cref="ReopenAsync"/>.</summary>
    IJobStore Store { get; }

    /// <summary>Closes the store and opens the same data again.</summary>
    Task ReopenAsync();

    /// <summary>Moves the host's clock as the store sees it; false where the backend's clock cannot be moved.</summary>
    bool TryStepHostClock(TimeSpan by);
}
