"""The command line: a memory in a terminal and in a pipe, a server, and care for a directory."""

from commonplace.cli.app import app, main

__all__ = ["app", "main"]
