using Microsoft.Extensions.Options;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Grains.Outbound;

namespace OrleansJobGrid.Grains.Sagas;

/// <summary>An address that cannot be one would allow nothing, and nobody would know.</summary>
internal sealed class SagaOptionsCheck : IValidateOptions<JobGridOptions>
{
    public ValidateOptionsResult Validate(string? name, JobGridOptions options)
    {
        List<string> errors = [.. AllowedAddress.Faults("JobGrid:Sagas:Allow", options.Sagas.Allow)];
        if (options.Sagas.GridUrl is { } url && !AllowedAddress.IsAddress(url))
            errors.Add($"JobGrid:Sagas:GridUrl is '{url}'; give an address, such as http://127.0.0.1:8080.");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
