"""Asks a server over HTTP for embeddings, and again where it was only busy."""

from __future__ import annotations

import json
import logging
import os
import weakref
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from commonplace.embedding.openai_wire import code_of, message_of
from commonplace.errors import EmbeddingError, InvalidInputError
from commonplace.files.paths import without_password

if TYPE_CHECKING:
    import httpx
    from tenacity import RetryCallState

ATTEMPTS = 5
MOST_WAIT = 60.0
"""Seconds. A server that asks for more is not waited for."""

_CONNECT_SECONDS = 10.0
_PASSING = {408, 409, 425, 429, 500, 502, 503, 504, 529}
_MAY_BE_TOO_MUCH = {400, 413, 422}
_NO_MORE_MONEY = "insufficient_quota"

_log = logging.getLogger(__name__)


class BusyError(EmbeddingError):
    """The server did not answer, or asked to come again: after `seconds`, if it says so."""

    def __init__(self, message: str, seconds: float | None = None) -> None:
        """Say what happened."""
        super().__init__(message)
        self.seconds = seconds

    @property
    def passes(self) -> bool:
        """Whether it is worth waiting."""
        return self.seconds is None or self.seconds <= MOST_WAIT


class RefusedError(EmbeddingError):
    """The server refused a request, perhaps since it has too many texts or too long ones."""

    def __init__(self, message: str, *, may_be_too_much: bool) -> None:
        """Say what happened."""
        super().__init__(message)
        self.may_be_too_much = may_be_too_much


class Endpoint:
    """The embeddings of one OpenAI-compatible API. May be used from several threads."""

    def __init__(self, address: str, api_key_env: str | None, timeout: float) -> None:
        """Ask at `address`, and wait `timeout` seconds for an answer.

        `api_key_env` names the environment variable that holds the key. Raises InvalidInputError
        if it is not set, or if the address is none.
        """
        self._url = _embeddings_at(address)
        self._timeout = timeout
        self._api_key_env = api_key_env
        self._key()
        # By process: a forked one must not read from its parent's connections.
        self._clients: dict[int, httpx.Client] = {}

    def ask(self, body: Mapping[str, Any], texts: Sequence[str]) -> bytes:
        """Return the answer to a request about `texts`, which no error repeats.

        Raises RefusedError, or EmbeddingError if there is no answer after a few attempts.
        """
        from tenacity import Retrying, before_sleep_log, retry_if_exception, stop_after_attempt

        # Escaped to ASCII: not every text can be written in UTF-8.
        content = json.dumps({**body, "input": list(texts)}).encode("ascii")
        attempts = Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, BusyError) and error.passes),
            wait=_seconds,
            stop=stop_after_attempt(ATTEMPTS),
            before_sleep=before_sleep_log(_log, logging.WARNING),
            reraise=True,
        )
        return attempts(self._once, content, texts)

    def _once(self, content: bytes, texts: Sequence[str]) -> bytes:
        import httpx

        headers = {"content-type": "application/json"}
        if key := self._key():
            headers["authorization"] = f"Bearer {key}"
        try:
            response = self._client().post(self._url, content=content, headers=headers)
        except httpx.TransportError as error:
            what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            raise BusyError(f"{self._url} does not answer ({what}).") from error
        if response.is_success:
            return response.content
        raise self._error(response, texts)

    def _error(self, response: httpx.Response, texts: Sequence[str]) -> EmbeddingError:
        status, said = response.status_code, message_of(response.content, texts)
        what = f"{self._url} answered {status}" + (f": {said.removesuffix('.')}." if said else ".")
        is_paid = code_of(response.content) != _NO_MORE_MONEY
        if status in _PASSING and is_paid:
            return BusyError(what, _retry_after(response.headers.get("retry-after")))
        if status in {401, 403}:
            what += f" {self._about_the_key()}"
        return RefusedError(what, may_be_too_much=status in _MAY_BE_TOO_MUCH)

    def _about_the_key(self) -> str:
        if self._api_key_env is None:
            return "Name the environment variable that holds its key with api_key_env."
        return f"The key shown is that of the environment variable {self._api_key_env!r}."

    def _key(self) -> str | None:
        if self._api_key_env is None:
            return None
        if not (key := os.environ.get(self._api_key_env)):
            # It may be the key itself that was given in place of a name: it is not repeated.
            name = repr(self._api_key_env) if self._api_key_env.isupper() else "of that name"
            raise InvalidInputError(
                f"The environment variable {name}, which api_key_env says holds the key of "
                f"{self._url}, is not set."
            )
        return key

    def _client(self) -> httpx.Client:
        import httpx

        found = self._clients.get(os.getpid())
        if found is None:
            made = httpx.Client(timeout=httpx.Timeout(self._timeout, connect=_CONNECT_SECONDS))
            found = self._clients.setdefault(os.getpid(), made)
            if found is made:
                weakref.finalize(self, partial(_closed, made, os.getpid()))
        return found


def _closed(client: httpx.Client, process: int) -> None:
    if os.getpid() == process:
        client.close()


def _embeddings_at(address: str) -> str:
    """Return the whole address that is asked."""
    import httpx

    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, TypeError) as error:
        raise InvalidInputError(
            f"{without_password(str(address))!r} is not an address: {error}"
        ) from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise InvalidInputError(
            f"{without_password(address)!r} is not an http(s) address of an embedding server."
        )
    if url.userinfo:
        raise InvalidInputError(
            f"The address of {url.host!r} holds a name or password. Give a key by api_key_env, "
            "the name of an environment variable."
        )
    path = url.path.rstrip("/").removesuffix("/embeddings")
    return str(url.copy_with(path=f"{path}/embeddings", fragment=None))


def _seconds(state: RetryCallState) -> float:
    """Return how long to wait: what the server asks for, or else longer each time."""
    from tenacity import wait_random_exponential

    error = state.outcome.exception() if state.outcome else None
    asked = error.seconds if isinstance(error, BusyError) else None
    return wait_random_exponential(multiplier=0.5, max=20)(state) if asked is None else asked


def _retry_after(header: str | None) -> float | None:
    """Return the seconds of a Retry-After header, which has a number of them or a date."""
    if header is None:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    aware = until if until.tzinfo else until.replace(tzinfo=timezone.utc)
    return max(0.0, (aware - datetime.now(timezone.utc)).total_seconds())
