namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>An input is no picture that can be read.</summary>
/// <param name="reason">What is wrong with it, as the end of a sentence.</param>
internal sealed class InvalidPictureException(string reason) : Exception(reason);
