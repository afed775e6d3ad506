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
        using Context context = Context.Create(_ => { });
        MethodInfo kernel = kernels.GetMethod(name, BindingFlags.Static | BindingFlags.NonPublic)!;
        foreach ((CudaArchitecture architecture, CudaInstructionSet set) in new[]
        {
            (CudaArchitecture.SM_61, CudaInstructionSet.ISA_63), (CudaArchitecture.SM_75, CudaInstructionSet.ISA_70),
            (CudaArchitecture.SM_89, CudaInstructionSet.ISA_78), (CudaArchitecture.SM_90, CudaInstructionSet.ISA_80),
            (CudaArchitecture.SM_120, CudaInstructionSet.ISA_87),
        })
        {
            using var backend = new PTXBackend(context, architecture, set, null!);
            var compiled = (PTXCompiledKernel)backend.Compile(
                EntryPointDescription.FromImplicitlyGroupedKernel(kernel), KernelSpecialization.Empty);
            Assert.Contains(".visible .entry", compiled.PTXAssembly, StringComparison.Ordinal);
            Assert.Contains(".target sm_", compiled.PTXAssembly, StringComparison.Ordinal);
        }
    }
}
