Console.Error.WriteLine("jobgrid: no command is built yet.");
return 2;
