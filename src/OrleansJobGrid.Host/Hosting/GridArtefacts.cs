using System.Text;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Artefacts.S3;
using OrleansJobGrid.Gateway.Artefacts;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Host.Hosting;

/// <summary>Opens the place of the artefacts that the configuration names.</summary>
internal static class GridArtefacts
{
    /// <summary>The settings, checked. Throws <see cref="GridSettingsException"/>.</summary>
    public static ArtefactOptions Settings(IConfiguration configuration)
    {
        var options = configuration.GetSection("JobGrid:Artefacts").Get<ArtefactOptions>() ?? new();
        var errors = ArtefactOptionsCheck.Errors(options);
        return errors.Count == 0 ? options : throw new GridSettingsException(string.Join(" ", errors));
    }

    public static async Task<IArtefactStore> OpenAsync(ArtefactOptions settings, GridOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return settings.Kind == ArtefactBackend.S3
                ? await S3ArtefactStore.OpenAsync(settings, Path.GetFullPath(Path.Combine(options.DataFolder, "spool")), cancellationToken)
                : FolderArtefactStore.Open(Path.Combine(options.DataFolder, "artefacts"), TimeProvider.System);
        }
        catch (ArtefactStoreException e)
        {
            throw new JobStoreException($"The artefacts cannot be kept: {e.Message}", e);
        }
    }

    /// <summary>Registers what the gateway signs links with.</summary>
    public static void AddLinks(this IServiceCollection services, IArtefactStore artefacts, ArtefactOptions settings)
    {
        if (artefacts is S3ArtefactStore bucket)
            services.AddSingleton(bucket.Links);
        else
            services.AddSingleton(new LinkKey(settings.LinkKey is { } key ? Encoding.UTF8.GetBytes(key) : ((FolderArtefactStore)artefacts).ReadOrMakeLinkKey()));
    }

    /// <summary>The processes of a grid must see the same artefacts; two places would lose outputs silently.</summary>
    public static async Task AgreeAsync(IJobStore store, IArtefactStore artefacts, CancellationToken cancellationToken)
    {
        var agreed = await store.AgreeAsync("artefact-folder", artefacts.Id, cancellationToken);
        if (agreed != artefacts.Id)
        {
            throw new JobStoreException(
                $"The artefacts of this grid lie elsewhere than in {artefacts.Location}. "
                + "Start every process of a grid with the same JobGrid:Artefacts; with Kind Folder also with the same --data, on a shared folder where they run on several machines.");
        }
    }
}
