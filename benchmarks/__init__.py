"""What this costs, measured beside what it could cost at least, in the same run."""
