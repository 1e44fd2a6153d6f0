"""One open store, with everything that is done to it; and what a memory asks of it."""
