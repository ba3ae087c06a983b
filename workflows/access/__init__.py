"""The access workflows: people, service accounts, roles, tokens and sandboxes; grants are facts like any other."""
