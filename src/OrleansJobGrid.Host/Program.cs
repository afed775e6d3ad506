using OrleansJobGrid.Host.CommandLine;

// Dispatch of the process guard, before anything else is loaded, so that a guard starts fast and stays small:
//   if (args is ["guard", ..]) return await OrleansJobGrid.Connectors.Process.ProcessGuard.RunAsync(args);

using var stop = StopRequest.OnSignals();
return await JobGridCommandLine.InvokeAsync(args, CommandEnvironment.OfProcess(stop));
