"""Where events and views are kept."""
