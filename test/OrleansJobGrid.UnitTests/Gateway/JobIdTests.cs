using CsCheck;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Gateway.Jobs;
using Xunit;

namespace OrleansJobGrid.UnitTests.Gateway;

public sealed class JobIdTests
{
    private static readonly Guid Dns = new("6ba7b810-9dad-11d1-80b4-00c04fd430c8");

    /// <summary>RFC 9562, appendix A.4.</summary>
    [Fact]
    public void Create_TheExampleOfTheRfc_IsItsUuid() =>
        Assert.Equal("2ed6657d-e927-568b-95e1-2665a8aea6a2", NameBasedGuid.Create(Dns, "www.example.com"u8).ToString("D"));

    [Fact]
    public void For_AKey_IsStableAndTellsCustomersKeysAndPlacesApart()
    {
        var places = Gen.Select(SubmissionGen.Pick<string?>(null, "-", "a", "1:a", "a:1"), SubmissionGen.Pick("k", "1:k", "k:1", ":", "a:k"), Gen.Int[0, 12]);
        Gen.Select(places, places).Sample((one, other) =>
            Assert.Equal(one == other, Keyed(one) == Keyed(other)));
    }

    [Fact]
    public void For_AGivenId_WinsOverTheKey() => Assert.Equal("mine", new JobIdRule(new Fixed(), "key").For("mine", "c", 3));

    [Fact]
    public void For_NeitherIdNorKey_IsAFreshOne() => Assert.Equal("fresh", new JobIdRule(new Fixed(), null).For(null, "c", 0));

    [Fact]
    public void Next_IsAVersion7UuidInLowerCaseWithHyphens()
    {
        var ids = new Version7JobIds(TimeProvider.System);
        var made = Enumerable.Range(0, 1_000).Select(_ => ids.Next()).ToHashSet();
        Assert.Equal(1_000, made.Count);
        Assert.All(made, id => Assert.Matches("^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", id));
    }

    private static string Keyed((string? Customer, string Key, int Index) place) => new JobIdRule(new Fixed(), place.Key).For(null, place.Customer, place.Index);

    private sealed class Fixed : IJobIdSource
    {
        public string Next() => "fresh";
    }
}
