using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ILGPU.Runtime.Cuda;
using OrleansJobGrid.Workers.Gpu;
using Xunit;

namespace OrleansJobGrid.UnitTests.Workers.Gpu;

public sealed class NvmlProbeTests
{
    private readonly FakeCard _first = FakeCard.Rtx4090();
    private readonly FakeCard _second = FakeCard.T4();
    private readonly FakeNvml _nvml;
    private readonly NvmlProbe _probe;

    public NvmlProbeTests()
    {
        _nvml = new FakeNvml { Cards = [_first, _second] };
        _probe = new NvmlProbe(_nvml);
    }

    [Fact]
    public void The_bindings_lay_out_what_the_driver_fills_as_its_header_does()
    {
        // nvml.h: nvmlMemory_t, nvmlUtilization_t, nvmlProcessInfo_v2_t (a process id, eight bytes of memory at offset 8, two instance ids).
        Assert.Equal((24, 8, 24), (Unsafe.SizeOf<NvmlMemory>(), Unsafe.SizeOf<NvmlUtilization>(), Unsafe.SizeOf<NvmlProcessInfo>()));
        var process = new NvmlProcessInfo { Pid = 1, UsedGpuMemory = 2 };
        var bytes = MemoryMarshal.AsBytes(new Span<NvmlProcessInfo>(ref process));
        Assert.Equal((1u, 2ul), (MemoryMarshal.Read<uint>(bytes), MemoryMarshal.Read<ulong>(bytes[8..])));
    }

    [Fact]
    public void Read_WhenTwoCardsAnswer_GivesTheFiguresOfBoth()
    {
        var result = _probe.Read();

        Assert.Equal(("550.54.15", null), (result.DriverVersion, result.Absence));
        Assert.Empty(result.Faults);
        Assert.Equal(2, result.Gpus.Count);
        var (rtx, t4) = (result.Gpus[0], result.Gpus[1]);
        Assert.Equal(
            ("GPU-2f0a1b9c-9c1e-7f4d-8a55-0d3c6e1b7a90", 0, "NVIDIA GeForce RTX 4090", "ada", "8.9"),
            (rtx.Uuid, rtx.Index, rtx.Name, rtx.Architecture, rtx.ComputeCapability));
        Assert.Equal((24564, 14898, 9665), (rtx.MemoryTotalMb, rtx.MemoryFreeMb, rtx.MemoryUsedMb));
        Assert.Equal((97, 71), (rtx.UtilizationPercent, rtx.TemperatureCelsius));
        Assert.Equal([new GpuProcess(4711, 9088), new GpuProcess(4890, 254)], rtx.Processes);
        Assert.Equal(("GPU-8d4e5f60-1122-3344-5566-77889900aabb", 1, "Tesla T4", "turing", "7.5"), (t4.Uuid, t4.Index, t4.Name, t4.Architecture, t4.ComputeCapability));
        Assert.Equal((15360, 15095, 264), (t4.MemoryTotalMb, t4.MemoryFreeMb, t4.MemoryUsedMb));
        Assert.Equal((0, 38), (t4.UtilizationPercent, t4.TemperatureCelsius));
        Assert.Empty(t4.Processes);
    }

    [Fact]
    public void Read_WhenCalledAgain_GivesWhatIsNowAndInitializesOnce()
    {
        _probe.Read();
        _first.Memory = new(25757220864, 1048576, 25756172288);
        Assert.Equal((1, 24563), (_probe.Read().Gpus[0].MemoryFreeMb, _probe.Read().Gpus[0].MemoryUsedMb));
        Assert.Equal(1, _nvml.Inits);
    }

    [Theory]
    [InlineData(NvmlCode.NotSupported)]
    [InlineData(NvmlCode.FunctionNotFound)]
    [InlineData(NvmlCode.NoPermission)]
    public void Read_WhenACardDoesNotTellAFigure_LeavesItOutWithoutAFault(int code)
    {
        foreach (var call in (string[])["utilization", "temperature", "capability", "processes"])
            _second.Codes[call] = code;
        var result = _probe.Read();
        var t4 = result.Gpus[1];
        Assert.Empty(result.Faults);
        Assert.Equal((null, null), (t4.UtilizationPercent, t4.TemperatureCelsius));
        Assert.Equal((null, null), (t4.Architecture, t4.ComputeCapability));
        Assert.Empty(t4.Processes);
        Assert.Equal(15360, t4.MemoryTotalMb);
        Assert.Equal(97, result.Gpus[0].UtilizationPercent);
    }

    [Theory]
    [InlineData("handle", "GPU 0: asked for its handle")]
    [InlineData("memory", "GPU 0 (GPU-2f0a1b9c-9c1e-7f4d-8a55-0d3c6e1b7a90, NVIDIA GeForce RTX 4090): asked for its memory")]
    [InlineData("utilization", "GPU 0 (GPU-2f0a1b9c-9c1e-7f4d-8a55-0d3c6e1b7a90, NVIDIA GeForce RTX 4090): asked for its utilization")]
    [InlineData("processes", "GPU 0 (GPU-2f0a1b9c-9c1e-7f4d-8a55-0d3c6e1b7a90, NVIDIA GeForce RTX 4090): asked for its processes")]
    public void Read_WhenACardIsLostOnTheWay_ShowsTheOthersAndNamesIt(string call, string message)
    {
        _first.Codes[call] = NvmlCode.GpuIsLost;
        var result = _probe.Read();
        Assert.Equal([1], result.Gpus.Select(gpu => gpu.Index));
        Assert.Null(result.Absence);
        var fault = Assert.Single(result.Faults);
        Assert.Equal(0, fault.Index);
        Assert.Equal($"{message}, the driver answers with error 15 (the GPU is lost: it has fallen off the bus)", fault.Message);
    }

    [Fact]
    public void Read_WhenACardIsLostAfterAReading_NamesItByItsUuid()
    {
        _probe.Read();
        _second.Codes["all"] = NvmlCode.GpuIsLost;
        var result = _probe.Read();
        Assert.Equal(_first.Uuid, Assert.Single(result.Gpus).Uuid);
        Assert.Equal((1, _second.Uuid), (result.Faults[0].Index, result.Faults[0].Uuid));
    }

    [Fact]
    public void Read_WhenTheOnlyCardIsLost_SaysWhyThereIsNone()
    {
        _nvml.Cards.RemoveAt(1);
        _first.Codes["all"] = NvmlCode.GpuIsLost;
        var result = _probe.Read();
        Assert.Empty(result.Gpus);
        Assert.StartsWith("no GPU answers: GPU 0: asked for its handle", result.Absence, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_WhenAFigureFailsForAnotherReason_KeepsTheCardAndNamesTheFault()
    {
        _first.Codes["temperature"] = NvmlCode.Unknown;
        var result = _probe.Read();
        Assert.Null(result.Gpus[0].TemperatureCelsius);
        Assert.Equal(97, result.Gpus[0].UtilizationPercent);
        Assert.Contains("asked for its temperature, the driver answers with error 999", Assert.Single(result.Faults).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_WhenMemoryOfAProcessIsNotAvailable_GivesNull()
    {
        _nvml.Cards.Add(new FakeCard
        {
            Uuid = "GPU-5c89852c-d268-c3f3-1b07-005d5ae1dc3f",
            Name = "NVIDIA A100-SXM4-40GB",
            Capability = (8, 0),
            Memory = new(42505273344, 37214158848, 5291114496),
            Processes = [new(2210, NvmlProcessMemory.NotAvailable), new(2211, 0)],
            Codes = { ["utilization"] = NvmlCode.NotSupported },
        });
        var mig = _probe.Read().Gpus[2];
        Assert.Equal([new GpuProcess(2210, null), new GpuProcess(2211, 0)], mig.Processes);
        Assert.Equal((null, "ampere", 40536), (mig.UtilizationPercent, mig.Architecture, mig.MemoryTotalMb));
    }

    [Theory]
    [InlineData(NvmlCode.LibraryNotFound, "no NVIDIA driver: libnvidia-ml.so.1 is not installed")]
    [InlineData(NvmlCode.DriverNotLoaded, "the driver answers with error 9 (driver not loaded); load its kernel module")]
    [InlineData(NvmlCode.VersionMismatch, "the driver answers with error 18 (driver and library have different versions); it was changed under the running kernel")]
    [InlineData(NvmlCode.Unknown, "the driver answers with error 999 (unknown to the driver)")]
    [InlineData(77, "the driver answers with error 77 (see nvmlReturn_t)")]
    public void Read_WhenTheLibraryDoesNotStart_SaysWhyAndTriesAgainNextTime(int code, string absence)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The file has another name there.");
        _nvml.InitCode = code;
        var result = _probe.Read();
        Assert.Null(result.DriverVersion);
        Assert.Empty(result.Gpus);
        Assert.StartsWith(absence, result.Absence, StringComparison.Ordinal);

        _nvml.InitCode = NvmlCode.Success;
        Assert.Equal(2, _probe.Read().Gpus.Count);
    }

    [Fact]
    public void Read_WhenTheLibraryWasShutDown_InitializesItAgain()
    {
        _probe.Read();
        _nvml.Initialized = false;
        Assert.Equal(2, _probe.Read().Gpus.Count);
        Assert.Equal(2, _nvml.Inits);
    }

    [Fact]
    public void Read_WhenTheLibraryIsShutDownWhileACardIsRead_ReadsAllOnceMore()
    {
        _second.Codes["memory"] = NvmlCode.Uninitialized;
        var result = _probe.Read();
        Assert.Equal(2, _nvml.Inits);
        Assert.Equal("the driver answers with error 1 (not initialized)", result.Absence);
    }

    [Fact]
    public void Read_WhenTheDriverHasNoCard_SaysSo()
    {
        _nvml.Cards.Clear();
        var result = _probe.Read();
        Assert.Equal(("550.54.15", "the driver 550.54.15 shows no GPU"), (result.DriverVersion, result.Absence));
    }

    [Fact]
    public async Task Read_WhenManyAskAtOnce_GivesAllTheSame()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(_probe.Read)));
        Assert.All(results, result => Assert.Equal([0, 1], result.Gpus.Select(gpu => gpu.Index)));
        Assert.Equal(1, _nvml.Inits);
    }

    [Fact]
    public void The_probe_of_this_machine_gives_cards_or_says_why_not()
    {
        var result = new NvmlProbe().Read();
        Assert.Equal(result.Gpus.Count == 0, result.Absence is not null);
    }

    [Theory]
    [InlineData(5, 2, "maxwell")]
    [InlineData(6, 1, "pascal")]
    [InlineData(7, 0, "volta")]
    [InlineData(7, 2, "volta")]
    [InlineData(7, 5, "turing")]
    [InlineData(8, 0, "ampere")]
    [InlineData(8, 6, "ampere")]
    [InlineData(8, 9, "ada")]
    [InlineData(9, 0, "hopper")]
    [InlineData(10, 0, "blackwell")]
    [InlineData(12, 0, "blackwell")]
    [InlineData(3, 5, null)]
    [InlineData(99, 0, null)]
    public void Architectures_are_named_by_compute_capability(int major, int minor, string? name) =>
        Assert.Equal(name, GpuArchitecture.Of(major, minor));
}
