using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Operations;
using OrleansJobGrid.Storage;
using OrleansJobGrid.UnitTests.Grains.Jobs;
using OrleansJobGrid.UnitTests.Grains.Storage;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Operations;

public sealed class JobListerTests(JobListerTests.ManyJobs jobs) : IClassFixture<JobListerTests.ManyJobs>
{
    /// <summary>A store with jobs of several services, customers, workflows and states.</summary>
    public sealed class ManyJobs : IAsyncLifetime
    {
        public const int Count = 5_400;

        private SqliteInAFolder? _sqlite;

        internal IJobStore Store => _sqlite!.Store;

        internal List<(string Id, JobRecord Record)> Jobs { get; } = [];

        public async ValueTask InitializeAsync()
        {
            _sqlite = await SqliteInAFolder.Open();
            for (var i = 0; i < Count; i++)
            {
                var submission = Samples.Submission() with
                {
                    Service = i % 3 == 0 ? "imaging" : "simulation",
                    CustomerId = i % 5 == 0 ? null : "customer-" + (i % 5),
                    WorkflowId = i % 40 == 0 ? "workflow-" + (i % 80) : null,
                };
                Jobs.Add(($"{(char)('a' + (i % 7))}-{i:0000}", Samples.Pending(submission, sequence: i + 1)));
            }

            foreach (var part in Jobs.Select((job, i) => (job, i)).ToList().Chunk(StoreLimits.BatchOperations))
                await Write(part);
        }

        public ValueTask DisposeAsync() => _sqlite!.DisposeAsync();

        private async Task Write(((string Id, JobRecord Record) Job, int I)[] part)
        {
            var created = part.Select(p => Create(p.Job.Id, p.Job.Record)).ToList();
            await Apply(created);
            var changes = new List<JobOperation>();
            for (var k = 0; k < part.Length; k++)
            {
                var (id, record) = part[k].Job;
                if (ChangeOf(record, part[k].I) is not { } change)
                    continue;
                changes.Add(change.ToOperation(id, 1, created[k].OperationId, Guid.NewGuid()));
                Jobs[part[k].I] = (id, change.After!);
            }

            await Apply(changes);
        }

        private static JobOperation Create(string id, JobRecord record) => new()
        {
            JobId = id,
            OperationId = Guid.NewGuid(),
            ExpectedVersion = 0,
            Record = JobRecordFormat.Write(record),
            AddReady = JobIndexes.ReadyOf(record),
            AddEntries = JobIndexes.Of(record),
        };

        private static JobChange? ChangeOf(JobRecord record, int i) => (i % 11) switch
        {
            0 => JobDecisions.Cancel(record, "enough", Samples.Start + 1).Change,
            1 => JobDecisions.Grant(record, new("worker-1", "session-1"), Guid.NewGuid(), Samples.Start + 1),
            _ => null,
        };

        private async Task Apply(List<JobOperation> operations) =>
            Assert.All((await Store.ApplyAsync(0, operations, CancellationToken.None)).Results, r => Assert.Equal(OperationOutcome.Applied, r.Outcome));
    }

    public static TheoryData<JobFilter> Filters =>
    [
        new JobFilter { Limit = 500 },
        new JobFilter { Limit = 500, Service = "imaging" },
        new JobFilter { Limit = 499, Status = JobStatus.Pending, CustomerId = "customer-2" },
        new JobFilter { Limit = 97, Status = JobStatus.Cancelled },
        new JobFilter { Limit = 97, Status = JobStatus.Assigned, Service = "simulation", CustomerId = "customer-1" },
        new JobFilter { Limit = 7, WorkflowId = "workflow-40" },
        new JobFilter { Limit = 3, WorkflowId = "workflow-40", Service = "imaging" },
        new JobFilter { Limit = 10, Status = JobStatus.Failed },
        new JobFilter { Limit = 10, Service = "unheard-of" },
        new JobFilter { Limit = 100, IdPrefix = "c-" },
        new JobFilter { Limit = 100, IdPrefix = "c-0", Status = JobStatus.Pending },
        new JobFilter { Limit = 5, IdPrefix = "a-0007" },
        new JobFilter { Limit = 5, IdPrefix = "zz" },
        new JobFilter { Limit = 500, IdPrefix = "" },
        new JobFilter { Limit = 5, IdPrefix = "a-00070" },
    ];

    [Theory]
    [MemberData(nameof(Filters))]
    public async Task List_PageByPage_GivesEachJobThatFitsOnce_NewestFirst_OrByIdUnderAPrefix(JobFilter filter)
    {
        var lister = new JobLister(jobs.Store);
        var found = new List<string>();
        var cursor = filter.Cursor;
        do
        {
            var page = await lister.List(filter with { Cursor = cursor });
            Assert.InRange(page.Jobs.Count, 0, filter.Limit);
            found.AddRange(page.Jobs.Select(j => j.Id));
            Assert.NotEqual(cursor, page.NextCursor ?? "the end");
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        var fitting = jobs.Jobs.Where(j => Fits(j, filter));
        var expected = filter.IdPrefix is null
            ? fitting.OrderByDescending(j => j.Record.Sequence).Select(j => j.Id)
            : fitting.Select(j => j.Id).Order(StringComparer.Ordinal);
        Assert.Equal(expected, found);
    }

    /// <summary>A call reads a bounded number of entries, and says where to go on although it found nothing.</summary>
    [Fact]
    public async Task List_WhenTheOnlyMatchLiesBeyondOneReading_GivesACursorWithoutJobs()
    {
        var last = jobs.Jobs.Select(j => j.Id).Order(StringComparer.Ordinal).Last(id => Record(id).CustomerId == "customer-4");
        var filter = new JobFilter { Limit = 500, IdPrefix = "", CustomerId = "customer-4", Cursor = null };
        var lister = new JobLister(jobs.Store);
        var sparse = filter with { WorkflowId = "no such workflow" };

        var first = await lister.List(sparse);
        Assert.Empty(first.Jobs);
        Assert.NotNull(first.NextCursor);
        var second = await lister.List(sparse with { Cursor = first.NextCursor });
        Assert.Empty(second.Jobs);
        Assert.Null(second.NextCursor);
        var rest = await lister.List(filter with { Cursor = first.NextCursor });
        Assert.Equal(last, rest.Jobs[^1].Id);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(-3, 1)]
    [InlineData(100_000, 500)]
    public async Task List_WithALimitOutOfRange_TakesTheNearest(int limit, int expected) =>
        Assert.Equal(expected, (await new JobLister(jobs.Store).List(new() { Limit = limit })).Jobs.Count);

    [Theory]
    [InlineData("")]
    [InlineData("7")]
    [InlineData("~job")]
    [InlineData("seven~job")]
    [InlineData("7.5~job")]
    [InlineData(" 7~job")]
    public async Task List_WithACursorOfItsOwnInvention_IsRefused_NamingIt(string cursor)
    {
        var error = await Assert.ThrowsAsync<ArgumentException>(() => new JobLister(jobs.Store).List(new() { Cursor = cursor }));
        Assert.StartsWith($"'{cursor}' is no cursor", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_GivesTheRecordsAndVersionsThatAreStored()
    {
        var page = await new JobLister(jobs.Store).List(new() { Limit = 20 });
        Assert.All(page.Jobs, j =>
        {
            Assert.Equal(Record(j.Id).Status, j.Record.Status);
            Assert.Equal(j.Record.Status == JobStatus.Pending ? 1 : 2, j.Version);
        });
    }

    private JobRecord Record(string id) => jobs.Jobs.First(j => j.Id == id).Record;

    private static bool Fits((string Id, JobRecord Record) job, JobFilter filter) =>
        (filter.Status is null || job.Record.Status == filter.Status)
        && (filter.Service is null || job.Record.Service == filter.Service)
        && (filter.CustomerId is null || job.Record.CustomerId == filter.CustomerId)
        && (filter.WorkflowId is null || job.Record.WorkflowId == filter.WorkflowId)
        && (filter.IdPrefix is null || job.Id.StartsWith(filter.IdPrefix, StringComparison.Ordinal));
}
