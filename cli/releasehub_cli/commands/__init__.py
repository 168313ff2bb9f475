"""One module for each group of commands: read the arguments, call, say what came of it."""
