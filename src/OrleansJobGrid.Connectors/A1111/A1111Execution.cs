using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansJobGrid.Connectors.Failures;
using OrleansJobGrid.Connectors.Outside;

namespace OrleansJobGrid.Connectors.A1111;

/// <summary>
/// One attempt of a job. The answer to its request is its work, and comes to this connection alone: what another connection began is waited for
/// and never fetched.
/// </summary>
internal sealed class A1111Execution(
    IReadOnlyDictionary<string, A1111Instance> instances, IJobContext job, Turns turns, A1111Options options, TimeProvider time)
{
    private const long LargestAnswer = 512L << 20;
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    public async Task<ConnectorResult> Run(CancellationToken cancellationToken)
    {
        if (job.Adopts is { } adopted)
            return await WaitForOther(adopted, cancellationToken);
        foreach (var earlier in job.Earlier.Where(e => !e.Over).Reverse())
            return await WaitForOther(earlier, cancellationToken);
        var payload = A1111Payload.Parse(job.Payload);
        var id = turns.Of(job.UsableInstances).FirstOrDefault(job.TryUse) ?? throw new NoUsableInstanceException(A1111Connector.ServiceName);
        var instance = instances[id];
        try
        {
            var facts = await instance.Facts(cancellationToken);
            if (payload.Model is { } model && facts.Find(model) is null)
            {
                // It may have come since.
                instance.Forget();
                facts = await instance.Facts(cancellationToken);
            }

            return await Post(instance, facts, payload, await BodyOf(payload, facts, instance, cancellationToken), cancellationToken);
        }
        catch (Exception e) when (OutsideFaults.IsFault(e))
        {
            instance.Forget();
            return ConnectorResult.Failed(FailureEvidence.Of(e, "prepare") with { Instance = id, KnownClass = FailureClass.Transient });
        }
        catch (OutsideRefusedException e)
        {
            return e.Failure;
        }
    }

    /// <summary>Waits while a task of another connection surely lives there, so that none runs beside it. Its pictures are lost.</summary>
    private async Task<ConnectorResult> WaitForOther(Submission submission, CancellationToken cancellationToken)
    {
        if (!instances.TryGetValue(submission.Instance, out var instance))
            return ConnectorResult.Unsure($"The work is at '{submission.Instance}', which this worker does not reach.");
        try
        {
            var answered = time.GetTimestamp();
            while (true)
            {
                try
                {
                    if (await A1111Connector.StateOf(instance, submission.ExternalId, cancellationToken) != SubmissionState.Running)
                        break;
                    answered = time.GetTimestamp();
                }
                catch (Exception e) when (OutsideFaults.IsFault(e))
                {
                    if (time.GetElapsedTime(answered) >= options.Outage)
                        return ConnectorResult.Unsure($"'{instance.Id}' could not be asked for {options.Outage}. {e.Message}");
                }

                await Task.Delay(options.PollInterval, time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (!job.LeaveRunning)
        {
            if (await Stop(instance, submission.ExternalId) is { } notStopped)
                return notStopped;
            throw;
        }

        return ConnectorResult.Unsure($"'{instance.Id}' sent its pictures to a worker that is gone, and keeps none.");
    }

    private async Task<JsonObject> BodyOf(A1111Payload payload, A1111Facts facts, A1111Instance instance, CancellationToken cancellationToken)
    {
        var body = (JsonObject)payload.Request.DeepClone();
        foreach (var (field, artefacts) in payload.Inputs)
        {
            var pictures = new List<string>();
            foreach (var artefact in artefacts)
                pictures.Add(await Base64(artefact, cancellationToken));
            body[field] = field == "init_images" ? new JsonArray([.. pictures.Select(p => (JsonNode?)p)]) : pictures.Single();
        }

        if (payload.Operation == "extras")
            return body;
        if (payload.Model is { } model)
        {
            var found = facts.Find(model) ?? throw new OutsideRefusedException(new(new FailureEvidence
            {
                Message = $"'{instance.Id}' has no model '{model}'.",
                Stage = "submit",
                Instance = instance.Id,
                Missing = [model],
                KnownClass = FailureClass.MissingHere,
                KnownReason = FailureReason.ModelNotFound,
            }));
            if (body["override_settings"] is not (null or JsonObject))
                throw new InvalidPayloadException("payload.request.override_settings is an object.");
            if (body["override_settings"] is not JsonObject settings)
                body["override_settings"] = settings = [];
            settings["sd_model_checkpoint"] = found.Title;
            body["override_settings_restore_afterwards"] = options.RestoreModel;
        }

        body["send_images"] = true;
        body["save_images"] = options.SaveImages;
        return body;
    }

    private async Task<string> Base64(string artefact, CancellationToken cancellationToken)
    {
        await using var content = await job.Files.OpenInputAsync(artefact, cancellationToken);
        using var copy = new MemoryStream();
        await content.CopyToAsync(copy, cancellationToken);
        return Convert.ToBase64String(copy.GetBuffer(), 0, (int)copy.Length);
    }

    private async Task<ConnectorResult> Post(A1111Instance instance, A1111Facts facts, A1111Payload payload, JsonObject body, CancellationToken cancellationToken)
    {
        // The connection outlives an order to stop: it is cut when the work has stopped.
        using var connection = new CancellationTokenSource();
        try
        {
            return await Post(instance, facts, payload, body, connection.Token, cancellationToken);
        }
        finally
        {
            // Also where it did not leave in time: nothing of it leaves later.
            await connection.CancelAsync();
        }
    }

    private async Task<ConnectorResult> Post(
        A1111Instance instance, A1111Facts facts, A1111Payload payload, JsonObject body, CancellationToken connection, CancellationToken cancellationToken)
    {
        Task<HttpResponseMessage>? answering = null;
        string? mark = null;
        try
        {
            await job.SubmitAsync(
                instance.Id,
                null,
                async (externalId, untilSent) =>
                {
                    mark = externalId;
                    if (facts.TakesIds && payload.Operation != "extras")
                        body["force_task_id"] = externalId;
                    answering = await instance.Begin(payload.Path, body, untilSent, connection);
                    return null;
                },
                cancellationToken);
        }
        catch (Exception e) when (mark is not null && OutsideFaults.IsFault(e))
        {
            return Lost(instance, e);
        }

        var known = facts.KnowsTasks && payload.Operation != "extras";
        try
        {
            var reading = Read(instance, payload, answering!, connection);
            await Watch(instance, mark!, known, reading, cancellationToken);
            return await reading;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested && !job.LeaveRunning)
        {
            if (await Stop(instance, mark!, known) is { } notStopped)
                return notStopped;
            throw;
        }
        catch (Exception e) when (OutsideFaults.IsFault(e))
        {
            return Lost(instance, e);
        }
    }

    /// <summary>The connection is gone, and with it what it would have brought; where it never got there nothing was begun.</summary>
    private static ConnectorResult Lost(A1111Instance instance, Exception e)
    {
        instance.Forget();
        return e is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError }
            ? ConnectorResult.Failed(FailureEvidence.Of(e, "submit") with { Instance = instance.Id, KnownClass = FailureClass.Transient })
            : ConnectorResult.Unsure($"The connection to '{instance.Id}' was lost while it worked. {e.Message}");
    }

    /// <summary>Tells progress and shows unfinished pictures until the answer is there.</summary>
    private async Task Watch(A1111Instance instance, string mark, bool known, Task reading, CancellationToken cancellationToken)
    {
        var shown = -1;
        while (!reading.IsCompleted)
        {
            using var pause = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(reading, Task.Delay(options.PollInterval, time, pause.Token));
            await pause.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
            if (reading.IsCompleted)
                return;
            try
            {
                if (known)
                {
                    var task = await instance.Task(mark, job.PreviewsWanted ? shown : null, cancellationToken);
                    if (task is { Queued: true } or { Active: true, Progress: not null })
                        job.ReportProgress(Math.Clamp((task.Progress ?? 0) * 100, 0, 99), task.Queued ? $"waits in '{instance.Id}'" : task.Text);
                    if (task is { Active: true, Preview: var (picture, contentType) })
                    {
                        job.ReportPreview(picture, contentType);
                        shown = task.PreviewNumber;
                    }
                }
                else if (options.Exclusive)
                {
                    job.ReportProgress(Math.Clamp((await instance.Now(cancellationToken)).Progress * 100, 0, 99));
                }
            }
            catch (Exception e) when (OutsideFaults.IsFault(e))
            {
                // Progress alone is at stake: the answer, or the end of its connection, says what became of the work.
            }
        }
    }

    private async Task<ConnectorResult> Read(A1111Instance instance, A1111Payload payload, Task<HttpResponseMessage> answering, CancellationToken cancellationToken)
    {
        using var answer = await answering;
        await answer.Content.LoadIntoBufferAsync(LargestAnswer, cancellationToken);
        var body = await answer.Content.ReadAsStringAsync(cancellationToken);
        if (!answer.IsSuccessStatusCode)
        {
            FailedResult failure = new(instance.FailureOf(answer.StatusCode, body, answer.Headers.RetryAfter?.ToString()));
            if (failure.Class == FailureClass.ResourceExhaustion)
                await Unload(instance, cancellationToken);
            return failure;
        }

        JsonNode? json;
        try
        {
            json = JsonNode.Parse(body);
        }
        catch (JsonException)
        {
            return A1111Result.Unexpected(
                instance.Id, $"'{instance.Id}' answered {answer.Content.Headers.ContentType?.MediaType ?? "something without a type"} where JSON was expected: {ServiceErrorBody.Read(body).Message}");
        }

        // Where somebody interrupted it, it answers what it has as if it were done; the flag stands until another job begins.
        if (await WasInterrupted(instance, cancellationToken))
            return ConnectorResult.Failed(FailureClass.Transient, "interrupted_outside", $"Somebody interrupted the job at '{instance.Id}': its pictures are unfinished.");
        return await A1111Result.Of(job, instance.Id, payload, json, cancellationToken);
    }

    private static async Task<bool> WasInterrupted(A1111Instance instance, CancellationToken cancellationToken)
    {
        try
        {
            return await instance.Now(cancellationToken) is { Busy: false, Interrupted: true };
        }
        catch (Exception e) when (OutsideFaults.IsFault(e))
        {
            // The pictures are here; that nobody can say more does not unmake them.
            return false;
        }
    }

    private static async Task Unload(A1111Instance instance, CancellationToken cancellationToken)
    {
        try
        {
            await instance.Unload(cancellationToken);
        }
        catch (Exception e) when (OutsideFaults.IsFault(e))
        {
            // The failure is what counts; an instance that does not hear this is found by the next job.
        }
    }

    private Task<ConnectorResult?> Stop(A1111Instance instance, string mark) => Stop(instance, mark, known: true);

    /// <summary>Stops the work; null: it runs no more.</summary>
    private async Task<ConnectorResult?> Stop(A1111Instance instance, string mark, bool known)
    {
        using var limit = new CancellationTokenSource(StopLimit, time);
        try
        {
            if (known)
                await A1111Connector.Stop(instance, mark, options.PollInterval, time, limit.Token);
            else if (options.Exclusive)
                await A1111Connector.StopWhatRuns(instance, options.PollInterval, time, limit.Token);
            else
                return ConnectorResult.Unsure($"'{instance.Id}' does not tell whose work it does, so it was not interrupted, and the job may run on there to its end.");
            return null;
        }
        catch (Exception e) when (OutsideFaults.IsFault(e) || e is OperationCanceledException)
        {
            return ConnectorResult.Unsure($"The job could not be stopped at '{instance.Id}': {e.Message}");
        }
    }
}
