namespace OrleansJobGrid.Connectors.Outside;

/// <summary>Brings a file of a service home.</summary>
internal static class OutsideFile
{
    /// <summary>
    /// Keeps a file as an output. Where it cannot be fetched for as long as an outage may take nobody is sure, and the grid asks again; where it
    /// is not there, the attempt has failed.
    /// </summary>
    /// <param name="job">The attempt.</param>
    /// <param name="instance">The instance, for messages.</param>
    /// <param name="name">Its name as an output.</param>
    /// <param name="open">Opens it; null: it is not there.</param>
    /// <param name="outage">How long fetching may fail.</param>
    /// <param name="pause">Between two tries.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<(JobOutput? File, ConnectorResult? Problem)> Keep(
        IJobContext job, string instance, string name, Func<CancellationToken, Task<HttpResponseMessage?>> open, TimeSpan outage, TimeSpan pause, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            try
            {
                using var answer = await open(cancellationToken);
                if (answer is null)
                    return (null, ConnectorResult.Failed(FailureClass.Transient, "output_missing", $"'{instance}' names an output '{name}' that it does not have."));
                await using var content = await answer.Content.ReadAsStreamAsync(cancellationToken);
                return (await job.Files.WriteOutputAsync(name, content, cancellationToken), null);
            }
            catch (Exception e) when (e is HttpRequestException or TimeoutException or HttpIOException)
            {
                if (time.GetElapsedTime(began) >= outage)
                    return (null, ConnectorResult.Unsure($"Output '{name}' could not be fetched from '{instance}'. {e.Message}"));
            }
            catch (InvalidDataException e)
            {
                return (null, ConnectorResult.Failed(FailureClass.Transient, "invalid_output", e.Message));
            }

            await Task.Delay(pause, time, cancellationToken);
        }
    }
}
