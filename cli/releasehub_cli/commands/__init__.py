"""The commands. Each reads its arguments, calls the rest of the package, and prints the result."""
