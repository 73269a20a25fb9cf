"""`indexctl`, the index on the command line: options, output, exit codes; the service answers."""
