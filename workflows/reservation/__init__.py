"""What only one connection may have: values and places, each held by a stream of its own, and counted limits."""
