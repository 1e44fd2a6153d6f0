"""What the adapters of frameworks share."""
