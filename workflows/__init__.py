"""The domain of Interlock: what a connection and an account may do, and what was done."""
