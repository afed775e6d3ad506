using System.Text;
using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.ClusterTests.Fixture;

/// <summary>Jobs for tests.</summary>
internal static class Submissions
{
    /// <summary>A job of the test connector; the body is its payload, and the body's hash is the body.</summary>
    public static JobSubmission Job(string id, string body = "{}", string service = TestConnector.DefaultService) =>
        new() { Id = id, Service = service, Payload = Encoding.UTF8.GetBytes(body), BodyHash = body };

    /// <summary>Jobs <c>PREFIX-0</c> to <c>PREFIX-(count - 1)</c>.</summary>
    public static JobSubmission[] Jobs(string prefix, int count) => [.. Enumerable.Range(0, count).Select(i => Job($"{prefix}-{i}"))];
}
