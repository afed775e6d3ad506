using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using ILGPU.Runtime;
using OrleansJobGrid.Connectors.Imaging;
using OrleansJobGrid.Workers.Gpu;
using Xunit;

namespace OrleansJobGrid.GpuTests;

[Collection(ThisMachine.Collection)]
public sealed class NvmlProbeTests
{
    private const int Megabyte = 1024 * 1024;

    [Fact]
    public async Task The_figures_are_those_of_nvidia_smi()
    {
        GpuProbeResult probe = ThisMachine.RequireGpu();
        string[] lines = await NvidiaSmiAsync("uuid,name,memory.total,memory.used,driver_version");
        Assert.Empty(probe.Faults);
        Assert.Equal(lines.Length, probe.Gpus.Count);
        foreach (string line in lines)
        {
            string[] said = line.Split(", ");
            GpuReading gpu = Assert.Single(probe.Gpus, gpu => gpu.Uuid == said[0]);
            Assert.Equal(said[1], gpu.Name);
            Assert.Equal(Number(said[2]), gpu.MemoryTotalMb);
            Assert.Equal(said[4], probe.DriverVersion);

            // nvidia-smi leaves out what the driver keeps for itself: some hundred MB, more on larger cards.
            long reserve = Math.Max(1024, gpu.MemoryTotalMb / 20);
            Assert.InRange(gpu.MemoryUsedMb - Number(said[3]), -64, reserve);
            Assert.InRange(gpu.MemoryTotalMb - gpu.MemoryFreeMb - gpu.MemoryUsedMb, -reserve, reserve);
        }
    }

    [Fact]
    public void Every_card_is_told_in_full()
    {
        foreach (GpuReading gpu in ThisMachine.RequireGpu().Gpus)
        {
            Assert.Matches("^GPU-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", gpu.Uuid);
            Assert.Matches(@"^\d+\.\d$", gpu.ComputeCapability);
            Assert.NotNull(gpu.Architecture);
            Assert.InRange(gpu.MemoryFreeMb, 0, gpu.MemoryTotalMb);
            Assert.InRange(gpu.UtilizationPercent ?? 0, 0, 100);
            Assert.InRange(gpu.TemperatureCelsius ?? 40, 1, 120);
        }
    }

    [Fact]
    public void Memory_that_is_taken_is_seen()
    {
        string uuid = ThisMachine.RequireGpu().Gpus[0].Uuid;
        var probe = new NvmlProbe();
        using var device = new ImagingDevice(new ImagingOptions { Device = uuid });
        long before = Free(probe, uuid);
        using (device.Accelerator.Allocate1D<byte>(512 * Megabyte))
            Assert.InRange(before - Free(probe, uuid), 500, 600);
    }

    [Fact]
    public void A_reading_a_second_is_cheap()
    {
        ThisMachine.RequireGpu();
        var probe = new NvmlProbe();
        probe.Read();
        var clock = Stopwatch.StartNew();
        for (int reading = 0; reading < 10; reading++)
            probe.Read();
        Assert.InRange(clock.Elapsed / 10, TimeSpan.Zero, TimeSpan.FromMilliseconds(500));
    }

    private static long Free(NvmlProbe probe, string uuid) => probe.Read().Gpus.Single(gpu => gpu.Uuid == uuid).MemoryFreeMb;

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private static async Task<string[]> NvidiaSmiAsync(string fields)
    {
        var start = new ProcessStartInfo("nvidia-smi", [$"--query-gpu={fields}", "--format=csv,noheader,nounits"]) { RedirectStandardOutput = true };
        try
        {
            using Process process = Process.Start(start)!;
            string output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            Assert.Equal(0, process.ExitCode);
            return output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        }
        catch (Win32Exception exception)
        {
            Assert.Skip($"nvidia-smi is not installed: {exception.Message}");
            throw;
        }
    }
}
