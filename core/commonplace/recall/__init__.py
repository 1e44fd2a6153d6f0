"""How records are found, ranked and shown."""
