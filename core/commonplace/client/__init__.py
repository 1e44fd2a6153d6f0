"""The way to a memory that a server holds."""
