"""Stores in memory, and what stores share."""
