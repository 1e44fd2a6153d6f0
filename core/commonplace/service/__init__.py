"""One store for many processes: the server that owns it."""
