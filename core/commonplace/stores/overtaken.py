"""Deciding on what was read, where others write as well: what was overtaken is decided again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tenacity import (
    RetryError,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_after_delay,
    stop_all,
    wait_random_exponential,
)

from commonplace.errors import StoreError

Result = TypeVar("Result")

_BUDGET_SECONDS = 30.0
_LONGEST_WAIT_SECONDS = 0.5
_FEWEST_ATTEMPTS = 5
"""To read a large scope anew may take longer than the budget: then nobody was faster but once."""


class Overtaken(Exception):  # noqa: N818  # no error: it never leaves the engine
    """Another writer was faster: what was decided rests on what is no longer so."""


def decided(step: Callable[[], Result]) -> Result:
    """Return what the step gives once nobody was faster. It reads anew each time.

    Raises StoreError if others are faster for half a minute, and five times; then nothing of it was
    stored.
    """
    retrying = Retrying(
        retry=retry_if_exception_type(Overtaken),
        stop=stop_all(stop_after_delay(_BUDGET_SECONDS), stop_after_attempt(_FEWEST_ATTEMPTS)),
        wait=wait_random_exponential(0.002, _LONGEST_WAIT_SECONDS),
    )
    try:
        return retrying(step)
    except RetryError as error:
        raise StoreError(
            f"Other writers were faster for {_BUDGET_SECONDS:.0f} seconds, each time. "
            "Nothing was written: try again, with fewer writers to the same scope."
        ) from error
