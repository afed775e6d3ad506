Console.Error.WriteLine("benchmarks: none is built yet.");
return 2;
