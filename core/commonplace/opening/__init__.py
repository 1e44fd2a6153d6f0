"""How a memory is opened: from a directory, a server, a Chroma client, or in memory."""
