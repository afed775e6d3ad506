using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Gateway.Problems;

/// <summary>Turns what an endpoint throws into an answer, and logs it. Where the answer has begun, the connection is cut instead.</summary>
internal static class FaultBoundary
{
    public static RequestDelegate Around(RequestDelegate next, ILogger logger) => context =>
    {
        try
        {
            var running = next(context);
            return running.IsCompletedSuccessfully ? running : AwaitAsync(running, context, logger);
        }
        catch (Exception e)
        {
            return AnswerAsync(context, e, logger);
        }
    };

    /// <summary>Whether the grid or its store did not answer, so that the same call may go well later.</summary>
    public static bool IsUnavailable(Exception e) => e is TimeoutException or OrleansException or JobStoreException or ArtefactStoreException;

    /// <summary>The same in words.</summary>
    public static string Describe(Exception e) => e switch
    {
        TimeoutException => "the grid did not answer in time",
        StoreUnavailableException => "the store did not answer in time: " + e.Message,
        JobStoreException => "the store refused: " + e.Message,
        ArtefactStoreException => "the artefacts could not be reached: " + e.Message,
        _ => "no silo of the grid could be reached: " + FirstLine(e.Message),
    };

    private static async Task AwaitAsync(Task running, HttpContext context, ILogger logger)
    {
        try
        {
            await running;
        }
        catch (Exception e)
        {
            await AnswerAsync(context, e, logger);
        }
    }

    private static Task AnswerAsync(HttpContext context, Exception e, ILogger logger)
    {
        if (context.RequestAborted.IsCancellationRequested && e is OperationCanceledException or IOException)
        {
            Log.ClientLeft(logger, context.Request.Method, context.Request.Path);
            return Task.CompletedTask;
        }

        var problem = ProblemOf(context, e, logger);
        if (context.Response.HasStarted)
        {
            context.Abort();
            return Task.CompletedTask;
        }

        context.Response.Clear();
        return problem.WriteAsync(context);
    }

    private static GridProblem ProblemOf(HttpContext context, Exception e, ILogger logger)
    {
        if (e is BadHttpRequestException bad)
        {
            Log.BadRequest(logger, e, context.Request.Method, context.Request.Path);
            return bad.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? GridProblem.TooLarge("body", "is larger than this server takes: " + bad.Message)
                : GridProblem.Invalid("body", "could not be read: " + bad.Message);
        }

        if (IsUnavailable(e))
        {
            Log.GridUnavailable(logger, e, context.Request.Method, context.Request.Path);
            return GridProblem.Unavailable($"At {context.Request.Method} {context.Request.Path}, {Describe(e)}. Send the request again in a moment; GET /api/health says more.");
        }

        Log.Fault(logger, e, context.Request.Method, context.Request.Path, context.TraceIdentifier);
        return GridProblem.Internal(Activity.Current?.TraceId.ToString() is { } trace ? $"{trace} ({context.TraceIdentifier})" : context.TraceIdentifier);
    }

    private static string FirstLine(string text)
    {
        var end = text.AsSpan().IndexOfAny('\r', '\n');
        return GridProblem.Shorten(end < 0 ? text : text[..end]);
    }
}
