using OrleansJobGrid.Workers.Gpu;

namespace OrleansJobGrid.UnitTests.Workers.Gpu;

/// <summary>Answers as a driver does: with codes and raw values, which a test can change between two readings.</summary>
internal sealed class FakeNvml : INvml
{
    public int InitCode { get; set; }
    public int Inits { get; private set; }
    public bool Initialized { get; set; }
    public string Driver { get; init; } = "550.54.15";
    public List<FakeCard> Cards { get; init; } = [];

    public int Init()
    {
        Inits++;
        Initialized = InitCode == NvmlCode.Success;
        return InitCode;
    }

    public int DriverVersion(out string? version)
    {
        version = Initialized ? Driver : null;
        return Initialized ? NvmlCode.Success : NvmlCode.Uninitialized;
    }

    public int DeviceCount(out uint count)
    {
        count = (uint)Cards.Count;
        return Initialized ? NvmlCode.Success : NvmlCode.Uninitialized;
    }

    public int Handle(uint index, out nint device)
    {
        device = (nint)(0x1000 + index);
        return Ask(device, "handle");
    }

    public int Uuid(nint device, out string? uuid) => Answer(device, "uuid", card => card.Uuid, out uuid);
    public int Name(nint device, out string? name) => Answer(device, "name", card => card.Name, out name);
    public int Memory(nint device, out NvmlMemorySizes memory) => Answer(device, "memory", card => card.Memory, out memory);
    public int Utilization(nint device, out uint percent) => Answer(device, "utilization", card => card.Utilization, out percent);
    public int Temperature(nint device, out uint celsius) => Answer(device, "temperature", card => card.Temperature, out celsius);

    public int ComputeCapability(nint device, out int major, out int minor)
    {
        int code = Answer(device, "capability", card => card.Capability, out var capability);
        (major, minor) = capability;
        return code;
    }

    public int ComputeProcesses(nint device, out IReadOnlyList<NvmlProcessMemory> processes)
    {
        int code = Answer(device, "processes", card => card.Processes, out var found);
        processes = found ?? [];
        return code;
    }

    private int Answer<T>(nint device, string call, Func<FakeCard, T> value, out T? answer)
    {
        int code = Ask(device, call);
        answer = code == NvmlCode.Success ? value(Cards[(int)device - 0x1000]) : default;
        return code;
    }

    private int Ask(nint device, string call)
    {
        if (!Initialized)
            return NvmlCode.Uninitialized;
        var card = Cards[(int)device - 0x1000];
        return card.Codes.TryGetValue(call, out int code) || card.Codes.TryGetValue("all", out code) ? code : NvmlCode.Success;
    }
}

/// <summary>A card with the values that its kind gives; <see cref="Codes"/> by call, or <c>all</c>.</summary>
internal sealed class FakeCard
{
    public required string Uuid { get; init; }
    public required string Name { get; init; }
    public required (int Major, int Minor) Capability { get; init; }
    public required NvmlMemorySizes Memory { get; set; }
    public uint Utilization { get; init; }
    public uint Temperature { get; init; }
    public IReadOnlyList<NvmlProcessMemory> Processes { get; init; } = [];
    public Dictionary<string, int> Codes { get; } = [];

    /// <summary>24564 MiB, ComfyUI with SDXL loaded.</summary>
    public static FakeCard Rtx4090() => new()
    {
        Uuid = "GPU-2f0a1b9c-9c1e-7f4d-8a55-0d3c6e1b7a90",
        Name = "NVIDIA GeForce RTX 4090",
        Capability = (8, 9),
        Memory = new(25757220864, 15621947392, 10135273472),
        Utilization = 97,
        Temperature = 71,
        Processes = [new(4711, 9529458688), new(4890, 266338304)],
    };

    /// <summary>15360 MiB, idle.</summary>
    public static FakeCard T4() => new()
    {
        Uuid = "GPU-8d4e5f60-1122-3344-5566-77889900aabb",
        Name = "Tesla T4",
        Capability = (7, 5),
        Memory = new(16106127360, 15828320256, 277807104),
        Utilization = 0,
        Temperature = 38,
    };
}
