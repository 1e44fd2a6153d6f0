"""What is logged while a command runs, as lines on standard error."""

from __future__ import annotations

import logging

_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


class _Lines(logging.Formatter):
    """One line for each thing that happened; with what led to it where all is wanted."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = f"commonplace: {record.getMessage()}"
        if record.exc_info and logging.getLogger("commonplace").level == logging.DEBUG:
            return f"{line}\n{self.formatException(record.exc_info)}"
        return line


def log_to_stderr(verbose: int) -> None:
    """Print warnings; with `verbose` 1 what is done as well, with 2 also the content."""
    logger = logging.getLogger("commonplace")
    logger.setLevel(_LEVELS[min(verbose, len(_LEVELS) - 1)])
    if not logger.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(_Lines())
        logger.addHandler(handler)
