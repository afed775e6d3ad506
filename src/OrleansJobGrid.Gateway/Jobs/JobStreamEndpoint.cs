using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Gateway.Grains;
using OrleansJobGrid.Gateway.Hosting;
using OrleansJobGrid.Gateway.Json;
using OrleansJobGrid.Gateway.Problems;

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary><c>GET /api/jobs/{id}/stream</c>: server-sent events until the job is final.</summary>
internal static class JobStreamEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/jobs/{id}/stream", StreamAsync)
            .Describe("Jobs", "Follows a job by server-sent events",
                "state (the job, at each change and at once), progress ({job_id, progress, message}), preview where previews=true asks for "
                + "unfinished pictures ({job_id, content_type, data}, data in base64, once a second at most), end (the job, final; then the stream closes), "
                + "error (problem details, where the grid does not answer any more). Comment lines keep the connection alive.")
            .Answers<JobDocument>(200, ServerSentEvents.ContentType).Refuses(404, 503);

    public static async Task StreamAsync(
        string id,
        bool? previews,
        HttpContext context,
        IGridGrains grains,
        TimeProvider time,
        IOptions<GatewayOptions> options,
        IHostApplicationLifetime lifetime,
        ILogger<ServerSentEvents> logger)
    {
        // A stream would hold up the end of the process for as long as its job runs.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        var job = JobNames.IsName(id) ? await grains.Job(id).Watch(-1, -1, TimeSpan.Zero).WaitAsync(ending.Token) : null;
        if (job is null)
        {
            await GridProblem.NoSuchJob(id).WriteAsync(context);
            return;
        }

        var events = await ServerSentEvents.BeginAsync(context);
        try
        {
            await FollowAsync(job, previews is true, grains.Job(id), events, time, options.Value, logger, ending.Token);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            await events.SendAsync("error", GridProblem.Unavailable("This gateway is going down: connect again.", id), context.RequestAborted);
        }
    }

    private static async Task FollowAsync(
        JobView job, bool previews, IJobGrain grain, ServerSentEvents events, TimeProvider time, GatewayOptions options, ILogger logger, CancellationToken cancellationToken)
    {
        var document = JobDocument.Of(job);
        await events.SendAsync("state", document, cancellationToken);
        while (!job.Status.IsFinal())
        {
            var (next, problem) = await NextAsync(job, previews, grain, events, time, options, logger, cancellationToken);
            if (next is null)
            {
                await events.SendAsync("error", problem ?? GridProblem.NoSuchJob(job.Id), cancellationToken);
                return;
            }

            document = JobDocument.Of(next);
            if (next.Version == job.Version && next.Preview is { } preview)
                await events.SendAsync("preview", new JobPreviewDocument(next.Id, preview.ContentType, preview.Content), cancellationToken);
            if (next.Version != job.Version)
                await events.SendAsync("state", document, cancellationToken);
            else if (next.ProgressNumber != job.ProgressNumber)
                await events.SendAsync("progress", new JobProgressDocument(next.Id, next.Progress, next.ProgressMessage), cancellationToken);
            else if (next.Preview is null)
                await events.KeepAliveAsync(cancellationToken);
            job = next;
        }

        await events.SendAsync("end", document, cancellationToken);
    }

    // A silo that died takes its watches with it; the job's next activation answers again.
    private static async Task<(JobView? Job, GridProblem? Problem)> NextAsync(
        JobView job, bool previews, IJobGrain grain, ServerSentEvents events, TimeProvider time, GatewayOptions options, ILogger logger, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            try
            {
                return (await grain.Watch(job.Version, job.ProgressNumber, options.WatchWait, previews ? job.PreviewNumber : null).WaitAsync(cancellationToken), null);
            }
            catch (Exception e) when (FaultBoundary.IsUnavailable(e))
            {
                Log.StreamUnanswered(logger, e, job.Id);
                if (time.GetElapsedTime(began) >= options.WatchPatience)
                    return (null, GridProblem.Unavailable($"The stream ends, since {FaultBoundary.Describe(e)}; connect again in a moment.", job.Id));
            }

            await events.KeepAliveAsync(cancellationToken);
            await Task.Delay(options.WatchRetryPause, time, cancellationToken);
        }
    }
}
