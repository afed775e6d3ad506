using OrleansJobGrid.Connectors.Processes;
using OrleansJobGrid.Host.CommandLine;

// The guard of child processes comes before anything else is loaded, so that it starts fast and stays small.
if (args is ["guard", ..])
    return await ProcessGuard.RunAsync(args[1..]);

using var stop = StopRequest.OnSignals();
return await JobGridCommandLine.InvokeAsync(args, CommandEnvironment.OfProcess(stop));
