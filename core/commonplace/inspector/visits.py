"""Who looks: a browser that showed a key once, and what it may see."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import TypeAlias

from commonplace.errors import CommonplaceError
from commonplace.memory import Memory

Door: TypeAlias = Callable[[str], Memory]
"""The memory that a key opens. Raises AccessDeniedError, QuotaExceededError."""

HOURS = 12
_MOST_VISITS = 1_000


class OutsideError(CommonplaceError):
    """Whoever asks has not said who it is."""


class ForgedError(CommonplaceError):
    """A form that did not come from a page of ours. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A browser that showed a key; `token` stands in its forms.

    The key is asked for its memory at each request, so that one that is revoked opens nothing.
    """

    key: str
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    began: float = field(default_factory=monotonic)

    def is_over(self) -> bool:
        """Tell whether the key has to be shown again."""
        return monotonic() - self.began > HOURS * 3_600


class Visits:
    """The visits of one server, by the secret that a browser keeps as a cookie."""

    def __init__(self) -> None:
        """Begin with none."""
        self._visits: OrderedDict[str, Visit] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, key: str) -> str:
        """Begin a visit with a key that was found good, and return the secret."""
        secret = secrets.token_urlsafe(32)
        with self._lock:
            self._visits[secret] = Visit(key)
            if len(self._visits) > _MOST_VISITS:
                self._visits.popitem(last=False)
        return secret

    def of(self, secret: str) -> Visit | None:
        """Return the visit with this secret, if it is not over."""
        with self._lock:
            visit = self._visits.get(secret)
            if visit is not None and visit.is_over():
                del self._visits[secret]
                return None
            return visit

    def end(self, secret: str) -> None:
        """Forget a visit."""
        with self._lock:
            self._visits.pop(secret, None)
