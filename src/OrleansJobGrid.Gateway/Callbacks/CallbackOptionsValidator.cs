using Microsoft.Extensions.Options;
using OrleansJobGrid.Artefacts.Callbacks;

namespace OrleansJobGrid.Gateway.Callbacks;

/// <summary>Checks the settings, all at once, at start.</summary>
internal sealed class CallbackOptionsValidator : IValidateOptions<CallbackOptions>
{
    public ValidateOptionsResult Validate(string? name, CallbackOptions options) =>
        options.Errors().ToList() is { Count: > 0 } errors ? ValidateOptionsResult.Fail(errors) : ValidateOptionsResult.Success;
}
