"""Connects to a Chroma server, and says in clear words why that cannot be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic, time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

from commonplace.chroma.translation import translated
from commonplace.errors import (
    AccessDeniedError,
    InvalidInputError,
    ServerUnavailableError,
    StoreError,
    StoreFormatError,
)
from commonplace.files import home
from commonplace.files.paths import without_password

if TYPE_CHECKING:
    import httpx
    from chromadb.api import ClientAPI

_API = "/api/v2"
_SECONDS = 10.0
_ASKED_SECONDS = 30.0
# What a server of the line that this release is made for says of itself.
_MAJOR = "1"
_UNREADABLE = 422  # said of a body that is not what the server knows
MOST_APART = 60.0
"""Seconds that the clock of a machine may differ from the Chroma server's."""


@dataclass(frozen=True, slots=True)
class ChromaPlace:
    """A database of a Chroma server: its address, and what has to be sent along.

    Tenant and database are those that the server names for these headers if they are left out.
    """

    url: str
    tenant: str | None = None
    database: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        """Return the address, without anything secret."""
        return self.url


def connected(place: ChromaPlace) -> ClientAPI:
    """Return a client of a database that is there, on a server that this release can use.

    Nothing is changed there. Raises ServerUnavailableError, AccessDeniedError, StoreFormatError,
    InvalidInputError, StoreError.
    """
    _check_address(place.url)
    chromadb = home.chromadb()
    asking = _Asking(place)
    asking.check_version()
    tenant, database = asking.names()
    asking.check_lists(tenant, database)
    with translated(f"connecting to {place}"):
        client: ClientAPI = chromadb.HttpClient(
            place.url.rstrip("/"),
            urlsplit(place.url).port or (443 if place.url.startswith("https") else 80),
            headers=dict(place.headers),
            settings=chromadb.Settings(anonymized_telemetry=False),
            tenant=tenant,
            database=database,
        )
        check_clock(client, str(place))
    return client


def check_clock(client: Any, name: str = "it") -> None:
    """Compare the clock of this machine with the Chroma server's. Raises StoreError.

    What was said last, what is expired and what a key has asked in a minute follow from the time.
    """
    before = time()
    there = client.heartbeat() / 1e9
    apart = there - (before + time()) / 2
    if abs(apart) > MOST_APART:
        how = "behind" if apart > 0 else "ahead of"
        raise StoreError(
            f"The clock of this machine is {abs(apart) / 60:.0f} minutes {how} that of the Chroma "
            f"server at {name}. Set both by a time server (NTP), and start again. Nothing was "
            "changed."
        )


class ServerClock:
    """The time of a Chroma server, which is the same for all who use it. Asked now and then."""

    def __init__(self, client: Any) -> None:
        """Ask `client` when the time is first needed."""
        self._client = client
        self._ahead = 0.0
        self._asked_at: float | None = None

    def __call__(self) -> float:
        """Return the time in seconds. Raises StoreError."""
        at = monotonic()
        if self._asked_at is None or at - self._asked_at > _ASKED_SECONDS:
            with translated("asking the Chroma server for its time"):
                there = self._client.heartbeat() / 1e9
            self._ahead, self._asked_at = there - monotonic(), at
        return monotonic() + self._ahead


def _check_address(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"\s", url):
        raise InvalidInputError(
            f"{without_password(url)!r} is not the address of a Chroma server. Give one such as "
            "http://chroma.internal:8000 or https://chroma.example.org."
        )
    if parts.username or parts.password:
        raise InvalidInputError(
            "The address of a Chroma server holds no password, since others can see it. Send a "
            "token with --header-from-env Authorization=NAME_OF_A_VARIABLE."
        )


class _Asking:
    """Questions to a server before a client is made: that says too little of what is wrong."""

    def __init__(self, place: ChromaPlace) -> None:
        self._place = place

    def check_version(self) -> None:
        """Raise what is wrong with the server, if anything is."""
        said = self._answer("/version", "")
        if not isinstance(said, str) or said.partition(".")[0] != _MAJOR:
            raise StoreFormatError(
                f"The Chroma server at {self._place} is of version {said!r}. This release works "
                f"with servers that call themselves {_MAJOR}.x, as `chroma run` of chromadb 1.5 "
                "does: upgrade it with pip install --upgrade chromadb. Nothing was changed."
            )

    def names(self) -> tuple[str, str]:
        """Return the tenant and the database, which are there."""
        place = self._place
        identity = self._answer("/auth/identity", "")
        tenant = place.tenant or _only(identity.get("tenant"), "--tenant")
        database = place.database or _only(identity.get("databases"), "--database")
        at = f"/tenants/{quote(tenant, safe='')}"
        self._answer(at, f"There is no tenant {tenant!r} at {place}: give another --tenant.")
        self._answer(
            f"{at}/databases/{quote(database, safe='')}",
            f"The tenant {tenant!r} at {place} has no database {database!r}. Give another "
            "--database, or make it there.",
        )
        return tenant, database

    def check_lists(self, tenant: str, database: str) -> None:
        """Check that the server takes lists in metadata: early ones of its line do not.

        They call themselves the same. What is asked is to add a row to a collection that nobody
        has, so nothing is added: a server that reads it says that there is no such collection.
        """
        names = [quote(name, safe="") for name in (tenant, database, str(uuid4()))]
        path = "/tenants/{}/databases/{}/collections/{}/add".format(*names)
        row = {"ids": ["a"], "embeddings": [[0.0]], "metadatas": [{"of": ["a list"]}]}
        if self._response("POST", path, json=row).status_code == _UNREADABLE:
            raise StoreFormatError(
                f"The Chroma server at {self._place} takes no lists in metadata: it is older than "
                "the one of chromadb 1.5.9, with which this release is tested. Upgrade it with pip "
                "install --upgrade chromadb. Nothing was changed."
            )

    def _response(self, method: str, path: str, **options: Any) -> httpx.Response:
        import httpx

        address = f"{self._place.url.rstrip('/')}{_API}{path}"
        headers = dict(self._place.headers)
        try:
            return httpx.request(method, address, headers=headers, timeout=_SECONDS, **options)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _unreachable(self._place, str(error)) from error

    def _answer(self, path: str, if_missing: str) -> Any:
        """Return what the server answers; `if_missing` says what it means that it has no such."""
        answer = self._response("GET", path)
        if answer.status_code in (401, 403):
            raise AccessDeniedError(
                f"The Chroma server at {self._place} refuses what it was sent "
                f"({answer.status_code}). Send a token that may use this tenant and database: "
                "--header-from-env NAME=VARIABLE, such as X-Chroma-Token=CHROMA_TOKEN."
            )
        if answer.status_code == 404 and if_missing:
            raise InvalidInputError(f"{if_missing} Nothing was changed.")
        return self._read(answer)

    def _read(self, answer: Any) -> Any:
        if answer.status_code in (429, 502, 503, 504):
            raise ServerUnavailableError(
                f"The Chroma server at {self._place} is not ready ({answer.status_code}). Try "
                "again in a while."
            )
        try:
            answer.raise_for_status()
            return answer.json()
        except Exception as error:
            raise StoreFormatError(
                f"What answers at {self._place} is no Chroma server that this release can use: "
                f"it has no {answer.url.path!r} ({answer.status_code}). Give the address of a "
                f"server of version {_MAJOR}. Nothing was changed."
            ) from error


def _unreachable(place: ChromaPlace, said: str) -> ServerUnavailableError:
    """Say why no server answers, and what to do, given what the connection failed with."""
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return ServerUnavailableError(
            f"The certificate of the server at {place} is not trusted here ({said}). It must be "
            "valid today, and for that name. If your own authority signed it, set SSL_CERT_FILE "
            "to the file with the authority's certificate."
        )
    if "[SSL" in said:
        return ServerUnavailableError(
            f"The server at {place} does not speak TLS ({said}). Give its address with http://, or "
            "that of the TLS proxy before it."
        )
    return ServerUnavailableError(
        f"No Chroma server answers at {place} ({said}). Is it running, and reachable from here? "
        "One is started with: chroma run --path DIRECTORY"
    )


def _only(named: object, option: str) -> str:
    """Return the one name that the server gives, or say which option chooses."""
    names = [named] if isinstance(named, str) else [one for one in named or () if one]  # type: ignore[attr-defined]  # a list
    if len(names) != 1 or names[0] == "*":
        among = f", one of {', '.join(sorted(map(str, names)))}" if len(names) > 1 else ""
        raise InvalidInputError(f"Give {option}{among}: the Chroma server does not name the one.")
    return str(names[0])
