using System.Globalization;
using OrleansJobGrid.Storage;
using OrleansJobGrid.TestKit.Stores;
using Xunit;

namespace OrleansJobGrid.StoreTests.Conformance;

public abstract partial class JobStoreConformance
{
    private const string Budgets = "budgets";

    [Fact]
    public async Task Document_IsCreatedUpdatedAndDeletedUnderItsVersion()
    {
        Assert.Empty(await Store.ReadDocumentsAsync(Budgets, Token));
        Assert.Equal(new DocumentAnswer(true, 1), await WriteDocument("a", 0, "one"));
        Assert.Equal(new DocumentAnswer(true, 1), await WriteDocument("b", 0, ""));
        Assert.Equal(new DocumentAnswer(true, 2), await WriteDocument("a", 1, "two"));
        Assert.Equal(["a 2 two", "b 1 "], await ReadDocuments());
        Assert.Equal(new DocumentAnswer(true, 3), await WriteDocument("a", 2, ""));
        Assert.Equal(["a 3 ", "b 1 "], await ReadDocuments());

        Assert.Equal(new DocumentAnswer(true, 0), await WriteDocument("a", 3, null));
        Assert.Equal(["b 1 "], await ReadDocuments());
        // Versions begin anew after a deletion.
        Assert.Equal(new DocumentAnswer(true, 1), await WriteDocument("a", 0, "again"));
        Assert.Equal(["a 1 again", "b 1 "], await ReadDocuments());
    }

    [Fact]
    public async Task Document_WhenAnotherVersionIsStored_IsAConflictThatChangesNothing()
    {
        Assert.Equal(new DocumentAnswer(false, 0), await WriteDocument("a", 1, "no document"));
        Assert.Equal(new DocumentAnswer(false, 0), await WriteDocument("a", 1, null));
        Assert.Empty(await ReadDocuments());
        await WriteDocument("a", 0, "one");
        await WriteDocument("a", 1, "two");
        foreach (var version in new[] { 0L, 1, 3, 258, 1L << 53, long.MaxValue - 1 })
            Assert.Equal(new DocumentAnswer(false, 2), await WriteDocument("a", version, "late"));
        foreach (var version in new[] { 1L, 3 })
            Assert.Equal(new DocumentAnswer(false, 2), await WriteDocument("a", version, null));
        Assert.Equal(["a 2 two"], await ReadDocuments());
    }

    [Fact]
    public async Task Documents_OfTwoCollections_AreApart()
    {
        await WriteDocument("a", 0, "mine");
        Assert.Equal(new DocumentAnswer(true, 1), await WriteDocument("a", 0, "yours", "budgets-2"));
        Assert.Equal(new DocumentAnswer(true, 2), await WriteDocument("a", 1, "yours too", "budgets-2"));
        Assert.Equal(["a 1 mine"], await ReadDocuments());
        Assert.Equal(["a 2 yours too"], await ReadDocuments("budgets-2"));
        Assert.Equal(new DocumentAnswer(true, 0), await WriteDocument("a", 1, null));
        Assert.Empty(await ReadDocuments());
        Assert.Equal(["a 2 yours too"], await ReadDocuments("budgets-2"));
    }

    [Fact]
    public async Task Document_OfManyWriters_ExactlyOneWinsEachVersion()
    {
        const int writers = 8, rounds = 40;
        Task<DocumentAnswer[]> AllWrite(long expected, Func<int, string?> body) => Task.WhenAll(
            Enumerable.Range(0, writers).Select(writer => Task.Run(() => WriteDocument("a", expected, body(writer)), Token)));

        for (var round = 0; round < rounds; round++)
        {
            var answers = await AllWrite(round, writer => $"writer {writer}");
            var winner = Array.FindIndex(answers, answer => answer.Written);
            Assert.Single(answers, answer => answer.Written);
            Assert.All(answers, answer => Assert.Equal(round + 1, answer.Version));
            Assert.Equal([$"a {round + 1} writer {winner}"], await ReadDocuments());
        }
        var deletions = await AllWrite(rounds, _ => null);
        Assert.Single(deletions, answer => answer.Written);
        Assert.All(deletions, answer => Assert.Equal(0, answer.Version));
        Assert.Empty(await ReadDocuments());
    }

    [Fact]
    public async Task Documents_OfTheLargestSizes_SurviveReopening()
    {
        var longest = new string('z', StoreLimits.CollectionNameLength);
        var body = new byte[StoreLimits.DocumentBytes];
        new Random(1).NextBytes(body);
        string[] keys = [new string('k', StoreLimits.DocumentKeyLength), "Zürich {0}:*\n\0日本", "z"];
        foreach (var key in keys)
            Assert.Equal(new DocumentAnswer(true, 1), await Store.WriteDocumentAsync(longest, key, 0, body, Token));
        await WriteDocument("z", 1, null, longest);

        await _underTest!.ReopenAsync();

        var read = await Store.ReadDocumentsAsync(longest, Token);
        Assert.Equal(keys[..2].Order(StringComparer.Ordinal), read.Select(document => document.Key).Order(StringComparer.Ordinal));
        Assert.All(read, document => Assert.Equal(1, document.Version));
        Assert.All(read, document => Assert.True(document.Body.Span.SequenceEqual(body), "The body is another one."));
        Assert.Equal(new DocumentAnswer(true, 2), await WriteDocument(keys[1], 1, "small", longest));
    }

    [Fact]
    public async Task Document_OutsideTheLimits_IsRefusedByItsArgument()
    {
        foreach (var name in new[] { "", "Budgets", "a_b", "a b", "ä", "a:b", new string('a', StoreLimits.CollectionNameLength + 1) })
        {
            await Assert.ThrowsAsync<ArgumentException>("collection", async () => await Store.ReadDocumentsAsync(name, Token));
            await Assert.ThrowsAsync<ArgumentException>("collection", () => WriteDocument("a", 0, "body", name));
        }
        await Assert.ThrowsAsync<ArgumentException>("key", () => WriteDocument("", 0, "body"));
        await Assert.ThrowsAsync<ArgumentException>("key", () => WriteDocument(new string('k', StoreLimits.DocumentKeyLength + 1), 0, "body"));
        await Assert.ThrowsAsync<ArgumentException>("body", () => WriteDocument("a", 0, new string('b', StoreLimits.DocumentBytes + 1)));
        await Assert.ThrowsAsync<ArgumentException>("expectedVersion", () => WriteDocument("a", -1, "body"));
        await Assert.ThrowsAsync<ArgumentException>("expectedVersion", () => WriteDocument("a", long.MaxValue, "body"));
        await Assert.ThrowsAsync<ArgumentException>("expectedVersion", () => WriteDocument("a", 0, null));
        Assert.Empty(await ReadDocuments());
    }

    [Fact]
    public async Task Document_WhoseAnswerIsLost_IsFoundByReadingAgain()
    {
        await using var faulty = new FaultyJobStore(Store, TimeProvider.System, leaveOpen: true);
        async Task<DocumentAnswer> Write(long expected, string body) => await faulty.WriteDocumentAsync(Budgets, "a", expected, Ops.Bytes(body), Token);
        void Arm(StoreFault fault) => faulty.Arm(fault, when: call => call.Method == nameof(IJobStore.WriteDocumentAsync));

        Arm(StoreFault.ThrowAfter);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => Write(0, "written"));
        Assert.Equal(new DocumentAnswer(false, 1), await Write(0, "written"));
        Assert.Equal(["a 1 written"], await ReadDocuments());

        Arm(StoreFault.ThrowBefore);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => Write(1, "never"));
        Assert.Equal(["a 1 written"], await ReadDocuments());
        Assert.Equal(new DocumentAnswer(true, 2), await Write(1, "now"));
        Assert.Equal(2, faulty.Struck);

        faulty.Arm(StoreFault.ThrowBefore, when: call => call.Method == nameof(IJobStore.ReadDocumentsAsync));
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await faulty.ReadDocumentsAsync(Budgets, Token));
    }

    private async Task<DocumentAnswer> WriteDocument(string key, long expectedVersion, string? body, string collection = Budgets) =>
        await Store.WriteDocumentAsync(collection, key, expectedVersion, body is null ? (ReadOnlyMemory<byte>?)null : Ops.Bytes(body), Token);

    /// <summary>Key, version and body of each document, in the order of the keys.</summary>
    private async Task<IEnumerable<string>> ReadDocuments(string collection = Budgets) =>
        (await Store.ReadDocumentsAsync(collection, Token))
            .Select(document => string.Create(CultureInfo.InvariantCulture, $"{document.Key} {document.Version} {Ops.Text(document.Body)}"))
            .Order(StringComparer.Ordinal);
}
