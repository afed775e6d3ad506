// An outside GPU service for tests of recovery, and the judge in them: its log says what was executed. Prints `READY PORT BOOT`, then what
// happens at its gates; takes commands for the gates on stdin and ends when that ends.
using System.Net;
using OrleansJobGrid.TestService;
using OrleansJobGrid.TestService.ComfyUi;

// As ComfyUI, for tests of who keeps it running: writes its output as a server does, and ends by SIGTERM.
if (args is ["comfyui", var port, var folder])
{
    await using var comfy = await ComfyServer.StartAsync(ComfyEdition.V027, folder, new(line => Console.Out.WriteLine(line)), int.Parse(port, System.Globalization.CultureInfo.InvariantCulture));
    Console.Out.WriteLine($"To see the GUI go to: {comfy.Url}");
    await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System);
}

ServiceOptions options;
try
{
    options = ServiceOptions.Parse(args);
}
catch (ArgumentException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}

var boot = Guid.NewGuid().ToString("N")[..8];
var lineLock = new Lock();
void Say(string line)
{
    lock (lineLock)
    {
        Console.Out.WriteLine(line);
        Console.Out.Flush();
    }
}

await using var log = new ExecutionLog(options.Log, boot);
var gates = new Gates(Say);
using var service = new OutsideService(options, log, gates);
var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders().AddConsole(o => o.LogToStandardErrorThreshold = LogLevel.Trace).SetMinimumLevel(LogLevel.Warning);
builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.Listen(IPAddress.Loopback, options.Port);
    kestrel.AddServerHeader = false;
});
await using var app = builder.Build();
Endpoints.Map(app, service, gates, boot, options.AnswerDelay);
await app.StartAsync();
Say($"READY {new Uri(app.Urls.First()).Port} {boot}");
await gates.FollowAsync(Console.In);
// What is held would keep it from stopping; nobody is left to let it go on.
Environment.Exit(0);
return 0;
