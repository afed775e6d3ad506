using System.ComponentModel.DataAnnotations;

namespace OrleansJobGrid.Storage.Sqlite;

/// <summary>Settings of the SQLite store.</summary>
public sealed class SqliteStoreOptions
{
    /// <summary>
    /// The folder of <c>jobgrid.db</c>, made if it is not there; one process holds it at a time. It must be on a disk of this machine:
    /// network file systems do not keep the locks and the order of writes that the promises rest on. Default <c>./data</c>.
    /// </summary>
    [Required]
    public string DataFolder { get; set; } = "./data";

    /// <summary>
    /// Files up to this many bytes are checked whole at opening (about 1 s a gigabyte from a warm cache); of larger ones only the
    /// header is. Default 1 GiB; 0 never checks.
    /// </summary>
    [Range(0, long.MaxValue)]
    public long QuickCheckBytes { get; set; } = 1L << 30;

    /// <summary>Connections that read beside the writer, 1 to 64. Default 4.</summary>
    [Range(1, 64)]
    public int Readers { get; set; } = 4;
}
