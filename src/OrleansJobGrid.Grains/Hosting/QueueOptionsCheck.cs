using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace OrleansJobGrid.Grains.Hosting;

/// <summary>Checks the settings of queues, customers and priorities, all at once, each with the full name of its setting.</summary>
internal sealed class QueueOptionsCheck : IValidateOptions<JobGridOptions>
{
    private const int MostPoints = 100;

    public ValidateOptionsResult Validate(string? name, JobGridOptions options)
    {
        var errors = options.Queues.SelectMany(q => ErrorsOf(q.Value, $"Queues:{q.Key}"))
            .Concat(options.Customers.SelectMany(c => ErrorsOf(c.Value, $"Customers:{c.Key}")))
            .Concat(options.PriorityPolicy.Tiers.Where(t => Math.Abs(t.Value) > MostPoints)
                .Select(t => $"JobGrid:PriorityPolicy:Tiers:{t.Key} is {t.Value}: points lie between -{MostPoints} and {MostPoints}"))
            .Concat(options.PriorityPolicy.Urgencies.Where(u => Math.Abs(u.Value) > MostPoints)
                .Select(u => $"JobGrid:PriorityPolicy:Urgencies:{u.Key} is {u.Value}: points lie between -{MostPoints} and {MostPoints}"))
            .ToList();
        if (options.PriorityPolicy.Enabled)
        {
            errors.AddRange(options.Customers.Where(c => c.Value.Tier is { } tier && !options.PriorityPolicy.Tiers.ContainsKey(tier))
                .Select(c => $"JobGrid:Customers:{c.Key}:Tier is '{c.Value.Tier}', which JobGrid:PriorityPolicy:Tiers does not name: name its points there"));
        }

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static IEnumerable<string> ErrorsOf(object settings, string section)
    {
        var results = new List<ValidationResult>();
        Validator.TryValidateObject(settings, new(settings), results, validateAllProperties: true);
        return results.Select(r => (r.ErrorMessage ?? "is not valid").Replace($"{section[..section.IndexOf(':', StringComparison.Ordinal)]}:…", section, StringComparison.Ordinal));
    }
}
