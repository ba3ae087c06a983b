"""The account workflow: a credential that was accepted once, kept for reuse."""
