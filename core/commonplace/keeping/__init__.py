"""How it is audited and erased, and what is said of it."""
