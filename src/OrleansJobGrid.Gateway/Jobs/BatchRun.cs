using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Gateway.Problems;

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary>Some jobs of a batch on their way through one call of the ingress.</summary>
internal sealed class BatchChunk
{
    private readonly List<JobSubmission> _jobs = [];
    private readonly List<int> _places = [];

    /// <summary>One for each job, in the order of the batch; complete after <see cref="BatchRun.SubmitAsync"/>.</summary>
    public List<BatchItem> Items { get; } = [];

    public bool IsFull => Items.Count >= JobSubmissionLimits.JobsPerCall;

    public IReadOnlyList<JobSubmission> Jobs => _jobs;

    public void Add(int index, SubmissionReading reading)
    {
        if (reading.Job is { } job)
        {
            _places.Add(Items.Count);
            _jobs.Add(job);
            Items.Add(new BatchItem(index, false, job.Id, null));
        }
        else
        {
            Items.Add(new BatchItem(index, false, null, GridProblem.Sentence(reading.Errors)));
        }
    }

    public void Answer(int job, SubmitResult result)
    {
        var refusal = JobIntake.Refusal(result);
        Items[_places[job]] = Items[_places[job]] with { Success = refusal is null, Error = refusal, Warning = result.Warning };
    }

    public void AnswerAll(string refusal)
    {
        foreach (var place in _places)
            Items[place] = Items[place] with { Error = refusal };
    }
}

/// <summary>
/// One batch: its chunks go one after the other, so that the order of submission is that of the batch. After a chunk whose fate is
/// unknown nothing more is sent, since it would overtake what has to be sent again.
/// </summary>
internal sealed class BatchRun(JobIntake intake)
{
    private bool _broken;

    public async Task SubmitAsync(BatchChunk chunk)
    {
        if (chunk.Jobs.Count == 0)
            return;
        if (_broken)
        {
            chunk.AnswerAll("was not sent, since whether the jobs before it were written is unknown; send it again after them");
            return;
        }

        var results = await intake.SubmitAsync(chunk.Jobs);
        for (var i = 0; i < results.Count; i++)
        {
            _broken |= results[i].Outcome == SubmitOutcome.Unknown;
            chunk.Answer(i, results[i]);
        }
    }
}
