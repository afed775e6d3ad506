using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace OrleansJobGrid.Client;

/// <summary>The JSON of the grid's HTTP API: snake_case, nulls left out, source generated.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(JobSubmission))]
[JsonSerializable(typeof(IReadOnlyList<JobSubmission>))]
[JsonSerializable(typeof(SubmitAnswer))]
[JsonSerializable(typeof(BatchResult))]
[JsonSerializable(typeof(Job))]
[JsonSerializable(typeof(JobPage))]
[JsonSerializable(typeof(OperationAnswer))]
[JsonSerializable(typeof(JobEvent))]
[JsonSerializable(typeof(DeadLetter))]
[JsonSerializable(typeof(DeadLetterPage))]
[JsonSerializable(typeof(DeadLetterGroups))]
[JsonSerializable(typeof(GroupRequeue))]
[JsonSerializable(typeof(GroupPurge))]
[JsonSerializable(typeof(JobProgressUpdate))]
[JsonSerializable(typeof(JobPreviewUpdate))]
[JsonSerializable(typeof(ArtefactAnswer))]
[JsonSerializable(typeof(Saga))]
[JsonSerializable(typeof(SagaPage))]
[JsonSerializable(typeof(SagaAnswer))]
[JsonSerializable(typeof(SagaEvent))]
[JsonSerializable(typeof(IReadOnlyList<SagaEvent>))]
[JsonSerializable(typeof(SagaDefinitionInfo))]
[JsonSerializable(typeof(SagaDefinitionList))]
[JsonSerializable(typeof(Reconciliation))]
[JsonSerializable(typeof(SubscriptionSpec))]
[JsonSerializable(typeof(Subscription))]
[JsonSerializable(typeof(SubscriptionAnswer))]
[JsonSerializable(typeof(SubscriptionList))]
[JsonSerializable(typeof(SubscriptionGone))]
[JsonSerializable(typeof(EventPage))]
[JsonSerializable(typeof(DeadEventList))]
[JsonSerializable(typeof(DeadEventControl))]
[JsonSerializable(typeof(WorkerList))]
[JsonSerializable(typeof(WorkerControl))]
[JsonSerializable(typeof(IReadOnlyList<WorkerControl>))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(DemandList))]
[JsonSerializable(typeof(JobWhy))]
[JsonSerializable(typeof(QueueList))]
[JsonSerializable(typeof(QueueControl))]
[JsonSerializable(typeof(GridMetrics))]
[JsonSerializable(typeof(GridHealth))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(JsonObject))]
public sealed partial class JobGridJson : JsonSerializerContext;

/// <summary>The envelopes that the client opens itself.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(BatchAnswer))]
[JsonSerializable(typeof(JobAnswer))]
[JsonSerializable(typeof(EventsAnswer))]
[JsonSerializable(typeof(ReasonBody))]
[JsonSerializable(typeof(ResolveBody))]
[JsonSerializable(typeof(GroupBody))]
[JsonSerializable(typeof(DrainBody))]
[JsonSerializable(typeof(ReconcileBody))]
[JsonSerializable(typeof(PositionBody))]
[JsonSerializable(typeof(DeadEventKeyBody))]
[JsonSerializable(typeof(SagaEnvelope))]
[JsonSerializable(typeof(SagaEventsEnvelope))]
[JsonSerializable(typeof(SagaStepBody))]
[JsonSerializable(typeof(SagaCancelBody))]
internal sealed partial class EnvelopeJson : JsonSerializerContext;
