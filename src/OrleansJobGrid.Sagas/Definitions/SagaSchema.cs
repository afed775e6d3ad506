namespace OrleansJobGrid.Sagas.Definitions;

/// <summary>The JSON Schema of definitions, for editors and other programs; <see cref="SagaReader"/> is stricter, since it knows the graph.</summary>
public static class SagaSchema
{
    /// <summary>The schema (draft 2020-12).</summary>
    public static string Text { get; } = Read();

    private static string Read()
    {
        using var stream = typeof(SagaSchema).Assembly.GetManifestResourceStream("saga.schema.json")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
