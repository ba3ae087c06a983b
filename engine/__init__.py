"""A workflow engine on event sourcing: tables of steps, guards that explain themselves, a history that proves itself."""
