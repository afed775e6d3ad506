using Xunit.v3;

// Most tests wait for beats and leases; two at a time leave the processor to the silos.
[assembly: Parallelization(MaxThreads = 2)]
