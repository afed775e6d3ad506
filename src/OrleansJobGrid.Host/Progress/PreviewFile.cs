using OrleansJobGrid.Client;

namespace OrleansJobGrid.Host.Progress;

/// <summary>Keeps the latest unfinished picture of a job in a file that is whole at every moment, so that a viewer can show it again and again.</summary>
internal sealed class PreviewFile(string path)
{
    public void Write(JobPreviewUpdate preview)
    {
        File.WriteAllBytes($"{path}.part", preview.Data);
        File.Move($"{path}.part", path, overwrite: true);
    }
}
