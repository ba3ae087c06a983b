"""Where the secret parts of credentials are kept."""
