namespace OrleansJobGrid.Artefacts;

/// <summary>Where artefacts are kept.</summary>
public enum ArtefactBackend
{
    /// <summary>In the folder <c>artefacts</c> of the data folder.</summary>
    Folder,

    /// <summary>In a bucket of a service that speaks S3.</summary>
    S3,
}
