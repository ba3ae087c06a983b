"""A first look: real servers on this machine, and connections from the catalog to saved."""
