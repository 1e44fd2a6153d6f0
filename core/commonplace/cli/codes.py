"""How the program ends: docs/command-line.md has the table."""

from __future__ import annotations

import click

from commonplace import errors

FAILED = 1
USAGE = 2
NOT_FOUND = 3
NOT_ALLOWED = 4
SCREENED = 5
INTERRUPTED = 130
BROKEN_PIPE = 141

_CODES = {
    errors.RecordNotFoundError: NOT_FOUND,
    errors.AccessDeniedError: NOT_ALLOWED,
    errors.QuotaExceededError: NOT_ALLOWED,
    errors.BlockedContentError: SCREENED,
    errors.InvalidInputError: USAGE,
}


def code_of(error: errors.CommonplaceError) -> int:
    """Return the code with which an error ends the program."""
    return next((code for kind, code in _CODES.items() if isinstance(error, kind)), FAILED)


class NotFound(click.ClickException):
    """There is no such store, key or value."""

    exit_code = NOT_FOUND
