"""The catalog of destinations: specs as YAML files, and patterns in linear time."""
