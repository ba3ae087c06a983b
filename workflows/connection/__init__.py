"""The connection workflow: from the catalog to saved, and what may happen to a saved connection."""
