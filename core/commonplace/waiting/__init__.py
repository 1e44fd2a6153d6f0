"""Who waits for whom: work that is done together, and work that excludes other work."""
