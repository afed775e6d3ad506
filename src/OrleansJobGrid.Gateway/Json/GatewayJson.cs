using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansJobGrid.Gateway.Artefacts;
using OrleansJobGrid.Gateway.Callbacks;
using OrleansJobGrid.Gateway.DeadLetters;
using OrleansJobGrid.Gateway.Events;
using OrleansJobGrid.Gateway.Jobs;
using OrleansJobGrid.Gateway.Operations;
using OrleansJobGrid.Gateway.Problems;
using OrleansJobGrid.Gateway.Reconciliation;
using OrleansJobGrid.Gateway.Sagas;

namespace OrleansJobGrid.Gateway.Json;

/// <summary>The answers' JSON, without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ProblemDocument))]
[JsonSerializable(typeof(JobSubmissionDocument))]
[JsonSerializable(typeof(IReadOnlyList<JobSubmissionDocument>))]
[JsonSerializable(typeof(SubmitAnswer))]
[JsonSerializable(typeof(BatchAnswer))]
[JsonSerializable(typeof(JobAnswer))]
[JsonSerializable(typeof(JobListAnswer))]
[JsonSerializable(typeof(JobEventsAnswer))]
[JsonSerializable(typeof(JobResultAnswer))]
[JsonSerializable(typeof(JobProgressDocument))]
[JsonSerializable(typeof(SagaAnswerDocument))]
[JsonSerializable(typeof(SagaListAnswer))]
[JsonSerializable(typeof(SagaControlAnswer))]
[JsonSerializable(typeof(SagaEventsAnswer))]
[JsonSerializable(typeof(SagaDefinitionAnswer))]
[JsonSerializable(typeof(SagaDefinitionListAnswer))]
[JsonSerializable(typeof(ReconciliationDocument))]
[JsonSerializable(typeof(ReconciliationAnswer))]
[JsonSerializable(typeof(SubscriptionSpecDocument))]
[JsonSerializable(typeof(SubscriptionAnswerDocument))]
[JsonSerializable(typeof(SubscriptionListAnswer))]
[JsonSerializable(typeof(SubscriptionGoneAnswer))]
[JsonSerializable(typeof(EventPageAnswer))]
[JsonSerializable(typeof(PositionDocument))]
[JsonSerializable(typeof(DeadEventKeyDocument))]
[JsonSerializable(typeof(DeadEventListAnswer))]
[JsonSerializable(typeof(DeadEventControlAnswer))]
[JsonSerializable(typeof(JobPreviewDocument))]
[JsonSerializable(typeof(ControlAnswerDocument))]
[JsonSerializable(typeof(ReasonDocument))]
[JsonSerializable(typeof(ResolveDocument))]
[JsonSerializable(typeof(DeadLetterListAnswer))]
[JsonSerializable(typeof(DeadLetterGroupsAnswer))]
[JsonSerializable(typeof(DeadLetterAnswer))]
[JsonSerializable(typeof(FingerprintDocument))]
[JsonSerializable(typeof(GroupRequeueAnswer))]
[JsonSerializable(typeof(GroupPurgeAnswer))]
[JsonSerializable(typeof(ArtefactAnswer))]
[JsonSerializable(typeof(LinkAnswer))]
[JsonSerializable(typeof(UploadLinkDocument))]
[JsonSerializable(typeof(DownloadLinkDocument))]
[JsonSerializable(typeof(CallbackAnswer))]
[JsonSerializable(typeof(WorkerListAnswer))]
[JsonSerializable(typeof(WorkerControlDocument))]
[JsonSerializable(typeof(DrainDocument))]
[JsonSerializable(typeof(ModelListAnswer))]
[JsonSerializable(typeof(DemandListAnswer))]
[JsonSerializable(typeof(WhyAnswer))]
[JsonSerializable(typeof(QueueListAnswer))]
[JsonSerializable(typeof(QueueControlDocument))]
[JsonSerializable(typeof(MetricsDocument))]
[JsonSerializable(typeof(HealthDocument))]
[JsonSerializable(typeof(ReadinessDocument))]
internal sealed partial class GatewayJson : JsonSerializerContext
{
    /// <summary>
    /// The same, leaving quotes and letters of other scripts as they are: answers are JSON and never part of a page, and people read
    /// them in terminals.
    /// </summary>
    public static GatewayJson Relaxed { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
