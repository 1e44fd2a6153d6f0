"""Which names a browser may call this server by, so that no other site's name leads here."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection

LOCAL_NAME = "localhost"


def own_names(given: Collection[str] = ()) -> frozenset[str]:
    """Return the names of this machine, and those `given`, in small letters."""
    return frozenset(name.lower() for name in (LOCAL_NAME, socket.gethostname(), *given))


def is_known(host: str, names: Collection[str]) -> bool:
    """Tell whether the host of a request is an address, or one of these names.

    A site that has its own name lead to this machine reaches it under that name: never under an
    address.

    >>> [is_known(one, {"localhost"}) for one in ("127.0.0.1:8711", "[::1]:80", "evil.example")]
    [True, True, False]
    """
    name = without_port(host)
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return name in names
    return True


def without_port(host: str) -> str:
    """Return a host in small letters, without its port.

    >>> without_port("LOCALHOST:8711"), without_port("[::1]:80"), without_port("[::1]")
    ('localhost', '[::1]', '[::1]')
    """
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdecimal() and not name.endswith(":") else host.lower()
