"""Pages that show a memory, made on the server: scopes, records, and what became of them."""
