using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using OrleansJobGrid.Host.CommandLine;

namespace OrleansJobGrid.Host.Commands;

internal static class VersionCommand
{
    public static JobGridCommand Create(CommandEnvironment environment)
    {
        var json = CommonOptions.Json("one JSON document");
        var command = new JobGridCommand(environment, "version", "Shows the versions of jobgrid, of .NET and of Orleans.") { Options = { json } };
        command.Runs((parse, _) =>
        {
            var (own, orleans) = (VersionOf(typeof(VersionCommand).Assembly), VersionOf(typeof(Orleans.IGrain).Assembly));
            var runtime = $"{RuntimeInformation.FrameworkDescription} on {RuntimeInformation.RuntimeIdentifier}";
            if (parse.GetValue(json))
                JsonOutput.Line(environment.Out, new JsonObject { ["version"] = own, ["runtime"] = runtime, ["orleans"] = orleans });
            else
                environment.Out.WriteLine($"jobgrid {own}\n{runtime}\nOrleans {orleans}");
            return Task.FromResult(ExitCode.Ok);
        });
        return command;
    }

    private static string VersionOf(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+', ' ')[0].TrimEnd('.') ?? "unknown";
}
