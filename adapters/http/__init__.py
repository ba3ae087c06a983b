"""The HTTP API: parses, asks the System, and answers; every error as a problem (RFC 9457)."""
