using System.Text;
using System.Text.Json;
using CsCheck;
using OrleansJobGrid.Contracts.Matching;
using Xunit;

namespace OrleansJobGrid.UnitTests.Contracts;

public sealed class RequirementsReaderTests
{
    [Fact]
    public void Read_EqualWishesInAnyForm_GivesEqualText()
    {
        var a = Read("""{"models":["b"," a ","b"],"hardware":{"gpu_memory_gb":23.6,"gpu_model":"RTX"},"region":"EU-West","customer_isolation":"none","positive_requirements":{"z":1,"a":true}}""");
        var b = Read("""{"positive_requirements":{"a":true,"z":1},"region":"eu-west","hardware":{"gpu_model":"rtx","gpu_memory_gb":24},"models":["a","b"],"labels":[],"component":"all"}""");

        Assert.Equal(a.Text, b.Text);
        Assert.Equal("""{"models":["a","b"],"hardware":{"gpu_memory_gb":24,"gpu_model":"rtx"},"region":"eu-west","positive_requirements":{"a":true,"z":1}}""", a.Text);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"models":"all","custom_nodes":[],"hardware":{"gpu_memory_gb":"all"},"workflow":"ALL","component":null}""")]
    public void Read_WhatAsksForNothing_IsEmpty(string json) => Assert.Equal("{}", Read(json).Text);

    [Fact]
    public void Read_SeveralFaults_NamesThemAllWithTheMend()
    {
        var faults = Faults("""{"gpu_memory":8,"hardware":{"cpu_cores":0,"ram_gb":-1,"gpu_ram":1},"labels":[1],"timeout_minutes":5,"runtime_class":"slow"}""");

        Assert.Equal(
            ["requirements.gpu_memory", "requirements.timeout_minutes", "requirements.hardware.gpu_ram", "requirements.hardware.cpu_cores", "requirements.hardware.ram_gb", "requirements.labels[0]", "requirements.runtime_class"],
            faults.Select(f => f.Field));
        Assert.All(faults, f => Assert.False(string.IsNullOrEmpty(f.Message)));
    }

    [Fact]
    public void Text_OfWhatWasRead_ReadsBackAsItself() =>
        Gen.Select(
            Gen.String[Gen.Char['a', 'e'], 1, 3].Array[0, 4], Gen.Double[0.1, 90].Nullable(), Gen.Int[0, 2].Select(i => ((string?[])[null, "strict", "loose"])[i]), Gen.Int[0, 9].Nullable()).Sample(
            (models, memory, isolation, cores) =>
            {
                var text = new JobRequirements
                {
                    Models = models.Length == 0 ? null : [.. models.Distinct().Order(StringComparer.Ordinal)],
                    Hardware = memory is null && cores is null ? null : new() { GpuMemoryGb = memory is { } m ? Math.Ceiling(m * 2) / 2 : null, CpuCores = cores + 1 },
                    CustomerIsolation = isolation,
                }.Text;
                Assert.Equal(text, Read(text).Text);
                Assert.Equal(text, JobRequirements.Parse(text).Text);
            },
            iter: 500);

    [Theory]
    [InlineData("""{"width":1024,"height":1024}""", "1mp*0")]
    [InlineData("""{"width":1024,"height":1025}""", "2mp*0")]
    [InlineData("""{"width":64,"height":64,"nested":{"width":9999}}""", "0.25mp*0")]
    [InlineData("""{"width":512,"height":512,"batch_size":3}""", "0.25mp*4")]
    [InlineData("""{"batch_size":8,"n_iter":2}""", "any*16")]
    [InlineData("""{"width":9223372036854775807,"height":9223372036854775807}""", "65536mp*0")]
    [InlineData("""{"width":1024}""", null)]
    [InlineData("""{"width":"1024","height":1024.5}""", null)]
    [InlineData("""[1024,1024]""", null)]
    [InlineData("null", null)]
    public void WorkSize_Of_IsTheClassOfTheSize(string payload, string? expected) =>
        Assert.Equal(expected?.Replace("*0", "", StringComparison.Ordinal), WorkSize.Of(Encoding.UTF8.GetBytes(payload)));

    private static JobRequirements Read(string json)
    {
        using var document = JsonDocument.Parse(json);
        return RequirementsReader.Read(document.RootElement, (field, message) => Assert.Fail($"{field} {message}"))!;
    }

    private static List<(string Field, string Message)> Faults(string json)
    {
        using var document = JsonDocument.Parse(json);
        var faults = new List<(string Field, string Message)>();
        Assert.Null(RequirementsReader.Read(document.RootElement, (field, message) => faults.Add((field, message))));
        return faults;
    }
}
