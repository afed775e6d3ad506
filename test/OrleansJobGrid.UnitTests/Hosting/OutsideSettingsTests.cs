using Microsoft.Extensions.Configuration;
using OrleansJobGrid.Connectors.Http;
using OrleansJobGrid.Connectors.WebSockets;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Host.Hosting;
using Xunit;

namespace OrleansJobGrid.UnitTests.Hosting;

/// <summary>Settings of ComfyUI servers, and of services that are described by their requests or messages.</summary>
public sealed class OutsideSettingsTests
{
    [Fact]
    public void ComfyUI_servers_are_read_as_the_documentation_names_their_settings()
    {
        var configuration = Of(
            ("ComfyUi:Instances:a", "http://127.0.0.1:8188"), ("ComfyUi:OnThisMachine:0", "a"), ("ComfyUi:Headers:a:Authorization", "Bearer x"),
            ("ComfyUi:AttemptTimeout", "00:20:00"));
        KnownSettings.Check(configuration);
        var settings = ConnectorSetup.ComfyUiSettings(configuration);
        var grid = new JobGridOptions();
        ConnectorSetup.AddAttemptTimeouts(grid, configuration, []);

        Assert.Equal("http://127.0.0.1:8188", settings.Instances["a"]);
        Assert.Equal(["a"], settings.OnThisMachine);
        Assert.Equal("Bearer x", settings.Headers["a"]["Authorization"]);
        Assert.Equal(TimeSpan.FromMinutes(20), grid.AttemptTimeouts["comfyui"]);
    }

    [Fact]
    public void Services_by_their_requests_are_read_as_the_documentation_names_their_settings()
    {
        var configuration = Of(
            ("Http:Services:draw:Instances:a", "https://127.0.0.1:9000"), ("Http:Services:draw:Mode", "Async"), ("Http:Services:draw:Submit:Method", "PUT"),
            ("Http:Services:draw:Poll:Path", "jobs/{{mark}}"), ("Http:Services:draw:States:Completed:0", "fini"), ("Http:Services:draw:Files:0:Path", "$.x"),
            ("Http:Services:draw:Auth:Kind", "Bearer"), ("Http:Services:draw:Auth:Value", "x"));
        KnownSettings.Check(configuration);
        var settings = ConnectorSetup.HttpSettings(configuration).Services["draw"];

        Assert.Equal((HttpMode.Async, "PUT", "jobs/{{mark}}", HttpAuthKind.Bearer), (settings.Mode, settings.Submit.Method, settings.Poll!.Path, settings.Auth.Kind));
        Assert.Equal("\"{{payload}}\"", settings.Submit.Body);
        Assert.Equal(["fini"], settings.States.Completed);
        Assert.Equal("$.x", settings.Files.Single().Path);
    }

    [Fact]
    public void Services_by_their_messages_are_read_as_the_documentation_names_their_settings()
    {
        var configuration = Of(
            ("WebSocket:Services:render:Instances:a", "wss://127.0.0.1:9000"), ("WebSocket:Services:render:Query", "{\"ask\": \"{{mark}}\"}"),
            ("WebSocket:Services:render:Types:Accepted:0", "taken"), ("WebSocket:Services:render:Handshake:Ready", "$.hello"), ("WebSocket:Services:render:Binary", "Output"),
            ("WebSocket:Services:render:Auth:Kind", "Bearer"), ("WebSocket:Services:render:Auth:Value", "x"), ("WebSocket:Services:render:AttemptTimeout", "00:20:00"));
        KnownSettings.Check(configuration);
        var settings = ConnectorSetup.WebSocketSettings(configuration).Services["render"];
        var grid = new JobGridOptions();
        ConnectorSetup.AddAttemptTimeouts(grid, configuration, []);

        Assert.Equal(("{\"ask\": \"{{mark}}\"}", "$.hello", WebSocketBinary.Output, HttpAuthKind.Bearer), (settings.Query, settings.Handshake.Ready, settings.Binary, settings.Auth.Kind));
        Assert.Equal(["taken"], settings.Types.Accepted);
        Assert.Equal(TimeSpan.FromMinutes(20), grid.AttemptTimeouts["render"]);
    }

    [Theory]
    [InlineData("ComfyUi:Instance:a", "x")]
    [InlineData("WebSocket:Services:draw:Sumbit", "x")]
    [InlineData("WebSocket:Services:draw:Types:Done:0", "x")]
    [InlineData("Http:Services:draw:Sumbit:Path", "x")]
    [InlineData("Http:Services:draw:Submit:Url", "x")]
    [InlineData("Http:Services:draw:Auth:Token", "x")]
    public void A_name_that_nobody_reads_is_refused(string name, string value) =>
        Assert.Contains($"JobGrid:{name[..name.LastIndexOf(':')]}".Split(":draw")[0], Assert.Throws<GridSettingsException>(() => KnownSettings.Check(Of((name, value)))).Message);

    [Fact]
    public void Names_of_services_are_each_taken_once()
    {
        Assert.Contains("JobGrid:Rest:Services:comfyui is the name of a built-in service", Refusal(("Rest:Services:comfyui:Instances:a", "http://127.0.0.1:9000")));
        Assert.Contains("JobGrid:Http:Services:imaging is the name of a built-in service", Refusal(("Http:Services:imaging:Instances:a", "http://127.0.0.1:9000")));
        Assert.Contains(
            "JobGrid:Http:Services:draw is the name of a service of JobGrid:Rest too",
            Refusal(("Http:Services:draw:Instances:a", "http://127.0.0.1:9000"), ("Rest:Services:draw:Instances:a", "http://127.0.0.1:9000")));
        Assert.Contains(
            "JobGrid:WebSocket:Services:draw is the name of a service of JobGrid:Http too",
            Assert.Throws<GridSettingsException>(() => ConnectorSetup.WebSocketSettings(
                Of(("WebSocket:Services:draw:Instances:a", "ws://127.0.0.1:9000"), ("Http:Services:draw:Instances:a", "http://127.0.0.1:9000")))).Message);
        Assert.Contains("JobGrid:ComfyUi:Instances:a 'nowhere'", Assert.Throws<GridSettingsException>(() => ConnectorSetup.ComfyUiSettings(Of(("ComfyUi:Instances:a", "nowhere")))).Message);
    }

    [Fact]
    public void A_service_that_is_told_where_to_call_needs_the_address_and_the_key()
    {
        (string, string)[] service = [("Http:Services:draw:Instances:a", "http://127.0.0.1:9000"), ("Http:Services:draw:Mode", "Async"), ("Http:Services:draw:Submit:Body", "{\"to\": \"{{callback}}\"}")];
        Assert.Contains("JobGrid:Http:Services:draw:Submit names {{callback}}, which needs JobGrid:Callbacks:Address and JobGrid:Callbacks:Key", Refusal(service));
        Assert.Contains("which needs JobGrid:Callbacks:Key.", Refusal([.. service, ("Callbacks:Address", "http://127.0.0.1:8080")]));
        Assert.Contains("JobGrid:Callbacks:Key has 5 characters", Refusal([.. service, ("Callbacks:Key", "short")]));
        var whole = Of([.. service, ("Callbacks:Address", "http://127.0.0.1:8080"), ("Callbacks:Key", new string('k', 32))]);
        KnownSettings.Check(whole);
        Assert.Single(ConnectorSetup.HttpSettings(whole).Services);
    }

    private static string Refusal(params (string Name, string Value)[] settings) =>
        Assert.Throws<GridSettingsException>(() => ConnectorSetup.HttpSettings(Of(settings))).Message;

    private static IConfigurationRoot Of(params (string Name, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(s => $"JobGrid:{s.Name}", s => (string?)s.Value)).Build();
}
