"""What is remembered, as values, and the checks of what comes in."""
