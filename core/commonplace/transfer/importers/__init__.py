"""What others have kept, read as records: one module for each format."""
