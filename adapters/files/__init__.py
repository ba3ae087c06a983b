"""Files for destinations: CSV, JSON and Parquet, compressed, split and listed in a manifest."""
