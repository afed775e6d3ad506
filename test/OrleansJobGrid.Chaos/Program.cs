// Runs seeds of a grid under faults and judges them; see docs/chaos.md.
using OrleansJobGrid.Chaos;
using OrleansJobGrid.Chaos.Broken;
using OrleansJobGrid.Chaos.Checking;
using OrleansJobGrid.Chaos.Soak;

if (args is ["--help" or "-h"])
{
    Console.Out.WriteLine($"{ChaosOptions.Usage}\n\n{SoakOptions.Usage}");
    return 0;
}

ChaosOptions? options = null;
SoakOptions? soak = null;
try
{
    if (args is [BrokenGrid.Command, var without, .. var rest])
        return await BrokenGrid.RunAsync(without, rest);
    if (args is ["soak", .. var terms])
        soak = SoakOptions.Parse(terms);
    else
        options = ChaosOptions.Parse(args);
}
catch (ArgumentException e)
{
    Console.Error.WriteLine($"{e.Message}\n\n{(args is ["soak", ..] ? SoakOptions.Usage : ChaosOptions.Usage)}");
    return 2;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};
if (soak is not null)
    return await new SoakRun(soak).RunAsync(Console.Out.WriteLine, stop.Token);
Console.Out.WriteLine(Verdict.Head);
return await ChaosSuite.RunAsync(options!, Console.Out.WriteLine, stop.Token);
