using Microsoft.Extensions.Options;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Grains.Outbound;

namespace OrleansJobGrid.Grains.Events;

/// <summary>An address that cannot be one would allow nothing, and nobody would know.</summary>
internal sealed class EventOptionsCheck : IValidateOptions<JobGridOptions>
{
    public ValidateOptionsResult Validate(string? name, JobGridOptions options)
    {
        List<string> errors = [.. AllowedAddress.Faults("JobGrid:Events:Allow", options.Events.Allow)];
        if (options.Events.LongestBackoff < options.Events.Backoff)
            errors.Add($"JobGrid:Events:LongestBackoff is {options.Events.LongestBackoff}, shorter than JobGrid:Events:Backoff ({options.Events.Backoff}).");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
