using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Gateway.Grains;
using OrleansJobGrid.Gateway.Hosting;
using OrleansJobGrid.Gateway.Json;
using OrleansJobGrid.Gateway.Problems;

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary><c>POST /api/jobs/{id}/cancel</c>.</summary>
internal static class CancelEndpoint
{
    /// <summary>As it stands in the audit log.</summary>
    public const string Reason = "asked for over HTTP";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/jobs/{id}/cancel", CancelAsync)
            .Describe("Jobs", "Cancels a job", "Durable. A running job is cancelled when its worker has stopped; a completion that comes first wins.")
            .Answers<CancelAnswer>(200).Refuses(404, 409, 503);

    public static async Task CancelAsync(string id, HttpContext context, IGridGrains grains, TimeProvider time)
    {
        var answer = JobNames.IsName(id) ? await grains.Job(id).Cancel(Reason) : null;
        if (answer is not { Found: true })
            await GridProblem.NoSuchJob(id).WriteAsync(context);
        else if (!answer.Accepted)
            await GridProblem.Conflict(answer.Message, id).WriteAsync(context);
        else
            await JsonAnswer.WriteAsync(context, 200, new CancelAnswer(true, id, answer.Status.Name(), answer.Message, IsoTime.Now(time)), GatewayJson.Relaxed.CancelAnswer);
    }
}
