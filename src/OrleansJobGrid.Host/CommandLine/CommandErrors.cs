using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using OrleansJobGrid.Client;
using OrleansJobGrid.Host.Hosting;
using OrleansJobGrid.Host.JobFiles;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Host.CommandLine;

/// <summary>Turns what may go wrong without being a bug into a sentence and an exit code; anything else goes through as it is.</summary>
internal static class CommandErrors
{
    public static async Task<int> CatchAsync(CommandEnvironment environment, Func<Task<int>> action)
    {
        try
        {
            return await action();
        }
        catch (CommandFailure e)
        {
            return Report(environment, e.ExitCode, e.Message, e.Mend);
        }
        catch (JobFileException e)
        {
            foreach (var error in e.Errors)
                environment.Error.WriteLine($"jobgrid: {Printable.Of(error)}");
            environment.Error.WriteLine("Nothing was submitted.");
            return ExitCode.Usage;
        }
        catch (GridUnreachableException e)
        {
            return Report(environment, ExitCode.Grid, e.Message, "Start one with 'jobgrid up', or name another with --url.");
        }
        catch (JobGridException e)
        {
            var isInput = e.Status is 400 or 413 or 422;
            return Report(environment, isInput ? ExitCode.Usage : ExitCode.Grid, $"The grid says: {e.Message}", MendOf(e));
        }
        catch (JobStoreException e)
        {
            return Report(environment, ExitCode.Grid, e.Message, MendOf(e));
        }
        catch (GridSettingsException e)
        {
            return Report(environment, ExitCode.Usage, e.Message, "Correct the file of --config or the environment (docs/configuration.md).");
        }
        catch (IOException e) when (IsAddressInUse(e))
        {
            return Report(environment, ExitCode.Grid, e.Message, "Another process listens there. End it, or choose another address with --urls.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Report(environment, ExitCode.Usage, e.Message, "Look at the path and its rights.");
        }
        catch (OperationCanceledException) when (environment.Stop.Token.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
    }

    private static int Report(CommandEnvironment environment, int exitCode, string message, string? mend)
    {
        environment.Error.WriteLine($"jobgrid: {Printable.Of(message).TrimEnd(' ', '.')}.{(mend is null ? "" : $" {mend}")}");
        return exitCode;
    }

    private static string? MendOf(JobGridException e) => e.Status switch
    {
        401 or 403 => "This grid asks for credentials that were not given.",
        409 when e.Extensions.TryGetValue("job_id", out var id) => $"'jobgrid status {id}' shows where it stands.",
        404 => "Look for the right id with 'jobgrid jobs'.",
        429 or 503 => "Try again later; 'jobgrid doctor --url ...' tells what the grid lacks.",
        >= 500 => "This is the grid's own error; look into its log.",
        _ => null,
    };

    private static string? MendOf(JobStoreException e) => e switch
    {
        StoreDamagedException => "Nothing was changed. Restore a backup, use the version that wrote it, or choose another folder with --data.",
        StoreUnavailableException => "Look whether the store runs and whether its address is right.",
        _ => null,
    };

    private static bool IsAddressInUse(IOException e) =>
        e.InnerException is AddressInUseException or SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse };
}
