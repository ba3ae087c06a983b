"""What touches a platform: one module for each, found through `registry`."""
