// A worker in little, to be killed by tests: `guard …` is the guard, `run WORK_FOLDER SILENCE_MS PAYLOAD` does one job of the service
// process, where the one command allowed is `sh`, and says on stdout how far it is.
using System.Globalization;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Processes;
using OrleansJobGrid.TestKit.Connectors;

switch (args)
{
    case ["guard", .. var rest]:
        return await ProcessGuard.RunAsync(rest);
    case ["run", var workFolder, var silence, var payload]:
        using (var connector = new ProcessConnector(
            new ProcessOptions
            {
                WorkFolder = workFolder,
                GuardSilence = TimeSpan.FromMilliseconds(int.Parse(silence, CultureInfo.InvariantCulture)),
                Commands = { ["sh"] = new ProcessCommand { Path = "/bin/sh" } },
            },
            TimeProvider.System))
        {
            await connector.StartAsync(CancellationToken.None);
            Console.WriteLine($"swept {connector.SweptRuns}");
            var result = await connector.ExecuteAsync(new FakeJobContext(payload), CancellationToken.None);
            Console.WriteLine(result is FailedResult failed ? $"failed {failed.Reason}" : "completed");
        }
        return 0;
    default:
        Console.Error.WriteLine("usage: guard | run WORK_FOLDER SILENCE_MS PAYLOAD");
        return 2;
}
