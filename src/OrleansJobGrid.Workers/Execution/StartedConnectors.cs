using Microsoft.Extensions.Logging;
using OrleansJobGrid.Connectors;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>Starts connectors, once for all workers of the process.</summary>
internal static class StartedConnectors
{
    /// <summary>Those that can work; the log says why another one cannot.</summary>
    public static async Task<IReadOnlyList<IConnector>> Of(IEnumerable<IConnector> connectors, ILogger logger, CancellationToken cancellationToken)
    {
        var started = new List<IConnector>();
        foreach (var connector in connectors)
        {
            try
            {
                if (connector.Location == WorkLocation.External && connector is not IExternalConnector)
                    throw new InvalidOperationException($"{connector.GetType()} does its work outside, so it has to implement {nameof(IExternalConnector)}.");
                if (started.Any(c => c.Service == connector.Service))
                    throw new InvalidOperationException($"Another connector does the service '{connector.Service}'.");
                await connector.StartAsync(cancellationToken);
                started.Add(connector);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                logger.ConnectorNotOffered(connector.Service, e);
            }
        }

        return started;
    }
}
