namespace OrleansJobGrid.Connectors.Simulation;

/// <summary>Decides whether a job may write the file that it names.</summary>
internal static class SideEffectFile
{
    /// <summary>The file's full path, or null with the reason of the refusal.</summary>
    internal static string? Allow(string file, IEnumerable<string> folders, out string refusal)
    {
        refusal = "";
        if (!Path.IsPathFullyQualified(file))
        {
            refusal = $"payload.side_effect_file '{file}' is not an absolute path.";
            return null;
        }
        var full = Path.GetFullPath(file);
        foreach (var folder in folders)
        {
            var root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
            if (!full.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal))
                continue;
            for (var at = full; at is not null && at.Length > root.Length; at = Path.GetDirectoryName(at))
            {
                // A link could lead out of the folder.
                if (new FileInfo(at).LinkTarget is null)
                    continue;
                refusal = $"payload.side_effect_file '{file}' goes through the symbolic link '{at}', which is not allowed.";
                return null;
            }
            return full;
        }
        refusal = $"payload.side_effect_file '{file}' lies in no folder that this worker allows. "
            + "Add its folder to the worker's setting JobGrid:Simulation:SideEffectFolders.";
        return null;
    }
}
