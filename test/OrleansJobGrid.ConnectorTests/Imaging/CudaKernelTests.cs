using System.Diagnostics;
using System.Reflection;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using OrleansJobGrid.Connectors.Imaging;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Imaging;

/// <summary>That every kernel compiles for CUDA needs no GPU to be known; what it computes there, the GPU tests say.</summary>
public sealed class CudaKernelTests
{
    [Theory]
    [InlineData(typeof(ResizeKernels), nameof(ResizeKernels.Vertical))]
    [InlineData(typeof(ResizeKernels), nameof(ResizeKernels.Horizontal))]
    [InlineData(typeof(DenoiseKernels), nameof(DenoiseKernels.Means))]
    public void Kernels_compile_for_every_architecture_that_is_named(Type kernels, string name)
    {
        foreach ((CudaArchitecture architecture, CudaInstructionSet set) in new[]
        {
            (CudaArchitecture.SM_61, CudaInstructionSet.ISA_63), (CudaArchitecture.SM_75, CudaInstructionSet.ISA_70),
            (CudaArchitecture.SM_89, CudaInstructionSet.ISA_78), (CudaArchitecture.SM_90, CudaInstructionSet.ISA_80),
            (CudaArchitecture.SM_120, CudaInstructionSet.ISA_87),
        })
        {
            string assembly = Compile(kernels, name, architecture, set);
            Assert.Contains(".visible .entry", assembly, StringComparison.Ordinal);
            Assert.Contains(".target sm_", assembly, StringComparison.Ordinal);
        }
    }

    /// <summary>
    /// NVIDIA's assembler is what the driver runs when it loads a kernel; it says whether the code is right, and whether the registers suffice (nothing is
    /// spilled to memory). It comes with the CUDA toolkit (from 11.8 on it knows all of these), and is named by <c>PTXAS</c> where it is not on the path.
    /// </summary>
    [Theory]
    [InlineData(typeof(ResizeKernels), nameof(ResizeKernels.Vertical))]
    [InlineData(typeof(ResizeKernels), nameof(ResizeKernels.Horizontal))]
    [InlineData(typeof(DenoiseKernels), nameof(DenoiseKernels.Means))]
    public async Task NvidiasAssembler_takes_the_kernels(Type kernels, string name)
    {
        string? ptxas = Environment.GetEnvironmentVariable("PTXAS")
            ?? (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "ptxas")).FirstOrDefault(File.Exists);
        if (ptxas is null)
            Assert.Skip("ptxas of the CUDA toolkit is not installed");
        foreach ((CudaArchitecture architecture, CudaInstructionSet set) in new[]
        {
            (CudaArchitecture.SM_61, CudaInstructionSet.ISA_63), (CudaArchitecture.SM_75, CudaInstructionSet.ISA_70), (CudaArchitecture.SM_80, CudaInstructionSet.ISA_70),
            (CudaArchitecture.SM_86, CudaInstructionSet.ISA_72), (CudaArchitecture.SM_89, CudaInstructionSet.ISA_78), (CudaArchitecture.SM_90, CudaInstructionSet.ISA_78),
        })
        {
            string said = await AssembleAsync(ptxas, $"sm_{architecture.Major}{architecture.Minor}", Compile(kernels, name, architecture, set));
            TestContext.Current.SendDiagnosticMessage($"{name} on {architecture}: {said.Trim()}");
            Assert.Contains(" 0 bytes spill stores, 0 bytes spill loads", said, StringComparison.Ordinal);
        }
    }

    private static string Compile(Type kernels, string name, CudaArchitecture architecture, CudaInstructionSet set)
    {
        using Context context = Context.Create(_ => { });
        using var backend = new PTXBackend(context, architecture, set, null!);
        MethodInfo kernel = kernels.GetMethod(name, BindingFlags.Static | BindingFlags.NonPublic)!;
        return ((PTXCompiledKernel)backend.Compile(EntryPointDescription.FromImplicitlyGroupedKernel(kernel), KernelSpecialization.Empty)).PTXAssembly;
    }

    private static async Task<string> AssembleAsync(string ptxas, string architecture, string assembly)
    {
        string folder = Directory.CreateTempSubdirectory("jobgrid-ptx-").FullName;
        try
        {
            string file = Path.Combine(folder, "kernel.ptx");
            await File.WriteAllTextAsync(file, assembly);
            using Process run = Process.Start(new ProcessStartInfo(ptxas, ["-v", $"-arch={architecture}", "-o", Path.Combine(folder, "kernel.cubin"), file]) { RedirectStandardError = true })!;
            string said = await run.StandardError.ReadToEndAsync();
            await run.WaitForExitAsync();
            Assert.True(run.ExitCode == 0, said);
            return said;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
