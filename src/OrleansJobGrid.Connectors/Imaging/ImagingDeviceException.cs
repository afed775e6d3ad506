namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>The device that the settings ask for is not to be had.</summary>
/// <param name="message">Names the setting, what is wrong and the mend.</param>
public sealed class ImagingDeviceException(string message) : Exception(message);
