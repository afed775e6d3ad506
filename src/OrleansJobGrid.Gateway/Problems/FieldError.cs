namespace OrleansJobGrid.Gateway.Problems;

/// <summary>One thing wrong with an input: the field (or parameter, or <c>body</c>), what is wrong and the mend.</summary>
internal readonly record struct FieldError(string Field, string Message);
