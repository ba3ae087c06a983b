"""What screens and answers show: pure folds of the events."""
