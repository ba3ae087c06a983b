"""The command line: a client of the HTTP API, in process or over the network; no rule of its own."""
