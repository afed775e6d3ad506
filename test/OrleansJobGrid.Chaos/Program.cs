// Runs seeds of a grid under faults and judges them; see docs/chaos.md.
using OrleansJobGrid.Chaos;
using OrleansJobGrid.Chaos.Broken;
using OrleansJobGrid.Chaos.Checking;

if (args is ["--help" or "-h"])
{
    Console.Out.WriteLine(ChaosOptions.Usage);
    return 0;
}

ChaosOptions options;
try
{
    if (args is [BrokenGrid.Command, var without, .. var rest])
        return await BrokenGrid.RunAsync(without, rest);
    options = ChaosOptions.Parse(args);
}
catch (ArgumentException e)
{
    Console.Error.WriteLine($"{e.Message}\n\n{ChaosOptions.Usage}");
    return 2;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};
Console.Out.WriteLine(Verdict.Head);
return await ChaosSuite.RunAsync(options, Console.Out.WriteLine, stop.Token);
