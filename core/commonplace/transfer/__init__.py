"""Memory as files: what is brought from elsewhere, and what is taken along."""
