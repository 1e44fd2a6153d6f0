"""Secrets told by where they stand: in commands, in settings of programs, in a key as JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator

from commonplace.writing.findings import Finding, matches

_COMMAND = re.compile(
    r"(?<!\w)(?:(?:mysql|mysqldump|mariadb|sshpass)\s[^\n]{0,80}?-p ?"
    r"|(?:docker|podman|helm|oras|az|cf)\s[^\n]{0,40}?login\s[^\n]{0,80}?(?:-p|--password)[ =]"
    r"|(?:curl|wget|http)\s[^\n]{0,200}?(?:-u|--user|--auth|-a)[ =]?[\"']?[^\s:\"']{1,60}:"
    r"|redis-cli\s[^\n]{0,80}?(?:-a|--pass) "
    r"|(?:smbclient|rpcclient)\s[^\n]{0,120}?-U ?[^\s%]{1,60}%"
    r"|net use\s[^\n]{0,120}?/user:\S{1,60} )[\"']?([^\s\"'-][^\s\"']{3,1000})"
)
# A private key as JSON, Docker's settings, and a line of .pgpass, of which the fifth is the secret.
_JSON_KEY = re.compile(r"[\"']d[\"']\s?:\s?[\"']([\w-]{40,1000})[\"']")
_JSON_AUTH = re.compile(r'"auth"\s?:\s?"([\w+/=-]{8,4000})"')
_PGPASS = re.compile(
    r"(?<!\S)(?:[\w.-]{1,100}|\*):(?:\d{2,5}|\*):(?:[\w-]{1,60}|\*):[\w-]{1,60}:(\S{6,200})"
)
_PIPED = re.compile(
    r"(?:echo|printf)\s[\"']?([^\s\"'-][^\s\"']{3,1000})[\"']?\s?\|\s?sudo\s[^\n]{0,20}?-S"
)
_COMMANDS = (" -", " /user:")


def in_structures(text: str) -> Iterator[Finding]:
    """Yield what stands where a secret belongs; it may be what only holds its place."""
    if any(sign in text for sign in _COMMANDS):
        yield from matches("password", _COMMAND, text)
        yield from matches("password", _PIPED, text)
    yield from matches("private-key", _JSON_KEY, text) if "kty" in text else ()
    yield from matches("password", _JSON_AUTH, text) if '"auths"' in text else ()
    yield from matches("password", _PGPASS, text) if "pgpass" in text else ()
