using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Workers.Execution;
using Xunit;

namespace OrleansJobGrid.UnitTests.Workers;

public sealed class GrantCheckTests
{
    private static readonly HeldSums OfA = new(["a"], 4_000, 1);

    [Theory]
    [InlineData("b", 1, null)]
    [InlineData("", 1, null)]
    [InlineData("a", null, 8_001L)]
    public void Refusal_OfWhatDoesNotGoBesideTheOthers_SaysWhy(string customer, int? maxCustomers, long? envelope) =>
        Assert.NotNull(GrantCheck.Refusal(Grant(customer, envelope), OfA, maxCustomers, 8_000));

    [Theory]
    [InlineData("a", 1, 8_000L)]
    [InlineData("b", 2, null)]
    [InlineData("b", null, 8_000L)]
    public void Refusal_OfWhatGoesBesideTheOthers_IsNone(string customer, int? maxCustomers, long? envelope) =>
        Assert.Null(GrantCheck.Refusal(Grant(customer, envelope), OfA, maxCustomers, 8_000));

    [Fact]
    public void Refusal_WithoutOthersOrWithoutAReading_IsNone()
    {
        Assert.Null(GrantCheck.Refusal(Grant("b", null), HeldSums.None, 1, null));
        Assert.Null(GrantCheck.Refusal(Grant("b", 99_000), HeldSums.None, null, null));
    }

    private static JobGrant Grant(string customer, long? envelope) => new()
    {
        JobId = "j",
        Token = new(1, Guid.Empty),
        Attempt = 1,
        Service = "s",
        Payload = [],
        CustomerId = customer,
        EnvelopeMb = envelope,
    };
}
