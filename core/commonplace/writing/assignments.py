"""Secrets told by what stands before them: passwords, named keys, credentials in addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from commonplace.writing.findings import MASK, Finding, matches
from commonplace.writing.named_keys import NAMING
from commonplace.writing.password_names import Name, names
from commonplace.writing.phrases import phrases
from commonplace.writing.randomness import has_digit, is_random, is_uuid
from commonplace.writing.structures import in_structures
from commonplace.writing.telling_words import (
    BARE_KEYS,
    KEYS,
    LINKS,
    PASSWORDS,
    SESSIONS,
    ends_of,
)

# A key opens doors, too; one of these before it makes it a secret.
_KEY_OF = re.compile(
    r"(?:api|access|secret|auth|client|app|application|refresh|signing|encryption|account"
    r"|webhook|licen[sc]e|personal|bot|private|deploy|service|admin)[ _-]?(?:access[ _-]?)?$"
)
# What may stand between a name and what is assigned to it: the rest of the name, and a sign.
_ASSIGNED = re.compile(r"([\w.\])-]{0,20})\\?[\"'`]?\s{0,4}(?::=|=>|[:=：])\s{0,4}")
_ABOUT = re.compile(
    r"min|max|len|age|ttl|expir|polic|algo|field|input|label|url|file|path|count|reset|hint|rule"
    r"|strength|valid|name|type|lifetime|limit|error|text|message|title|placeholder|help|prompt",
    re.IGNORECASE,
)
_BOUND = 200
_RUN = re.compile(rf"[!-~¡-ɏ]{{1,{_BOUND}}}")
_REST_OF_RUN = re.compile(r"[!-~¡-ɏ]+")
_KEY = re.compile(r"[A-Za-z0-9+/%-][A-Za-z0-9_+/.=~%-]{15,}")
_REST_OF_KEY = re.compile(r"[A-Za-z0-9_+/.=~%-]*")
_QUOTES = ("'", '"', "`")
_REST_OF_QUOTED = re.compile(r"[^\s'\"`]{0,8000}(['\"`])")
_ENDING = re.compile("[Ѐ-ԯ؀-ۿऀ-৿]{1,4}")  # of a name in a script that parts words
_WINDOW = 60
_LEAST_SESSION = 20
_LINKED = re.compile(
    r"(?:^|[\s\W])(?:" + "|".join(map(re.escape, LINKS)) + r")[\s\"'`(*]{0,4}$"
    r"|^[\s\"'`(*]{0,4}$|(?:[:=：—–]|是|为|為|は|が|는|은)[\s\"'`(]{0,3}$",
    re.IGNORECASE,
)
# In code, this compares what stands around it.
_COMPARED = re.compile(r"[=!<>~]=[\s\"'`(*]{0,4}$")
# What is said of passwords in general: its value is the name of a norm, a number, a version.
_IN_GENERAL = re.compile(
    r"polic|polít|politi|polityk|richtlini|regel|rule|norm|standard|стандарт|правил|معيار|سياسة"
    r"|정책|규칙|표준|ポリシー|規則|标准|標準|政策|策略|规则|नीति|ilke",
    re.IGNORECASE,
)
_A_NORM = re.compile(
    r"(?:ISO|IEC|RFC|NIST|DIN|ANSI|IEEE|JIS|GOST|BSI|PCI|CVE|CWE|TLS|SSL|SMTP|IMAP|SHA|AES|WPA)"
    r"[A-Z]{0,4}[-/]?\d"
)
# In Polish this is "is", and in English it leads to whom a password was sent.
_POLISH_IS = re.compile(r"has[łl]o to[\s\"'`(*]{1,4}$", re.IGNORECASE)
_A_NAME = re.compile(r"\s[A-Z][\w.]{1,20}\s")  # whose key it is

_PLACEHOLDER = re.compile(
    r"[*x.•_-]+|1password\d?|(?:your|my|the|some|a|an|new|old|test)?[ _-]?(?:user)?[ _-]?"
    r"(?:pass(?:word|wd)?|pwd|secret|token|api[ _-]?key|key)(?:[ _-]?here)?|change[ _-]?me|example"
    r"|placeholder|none|null|nil|true|false|str(?:ing)?|text|required|optional|missing|empty|hidden|invalid|wrong"
    r"|incorrect|reset|redacted|undefined|bytes?|int|bool|any|yes|no|forgot(?:ten)?|expired|await|async|new|self"
    r"|changed|disabled|enabled|unset|unknown",
    re.IGNORECASE,
)
# What is filled in elsewhere, and what only code that is not quoted looks like.
_TEMPLATE = re.compile(r"\$\{?[A-Z_][A-Z0-9_]*\}?|\$?\{.*\}?|<.*>?|\[.*\]|%\(?\w+\)?s?")
_EXPRESSION = re.compile(
    r"[\w\])]\(|^[A-Za-z_]\w*(?:\??\.[A-Za-z_]\w*)+$|^--|^[\[({]|[\])}]$|^\w+\[|^&\w|^[frbu]?[\"']"
)
_IDENTIFIER = re.compile(r"_*[A-Za-z]\w*")
_PART = r"(?:[a-z]+|[A-Z][a-z]+|[A-Z]+)\d?"
_OF_WORDS = re.compile(rf"{_PART}(?:_{_PART})+|[a-z]{{2,}}(?:[A-Z][a-z]{{2,}})+\d?")
_SENTENCE = re.compile(r"[^\W\d_]+(?: [\w'’-]+){2,}[.!?…]")
_NAMES_ITSELF = re.compile(
    r"pass|pwd|secret|token|key|cred|auth|hash|salt|user|login", re.IGNORECASE
)

# Where what follows a value is not of it: another assignment, the end of the string it stood in.
_NEXT = re.compile(r"[;,&](?=\s|$|[\w ]{1,30}=)|\\?[\"'`](?=\W|$)|</")
_IN_TAGS = re.compile(
    r"<[\w:-]{0,20}(?:password|passwd|pwd|secret|token|api[_-]?key)>\s{0,4}([^<\s]{4,8000})"
    r"\s{0,4}</"
)
_SHORT_NAMES = ("pass", "pw", "parola", "heslo")
_SHORT_NAME = re.compile(r"(?<![\w-])(?:pass|pw|parola|heslo|pwrd)[\"'`]?\s{0,3}[:=]\s{0,3}")

_IN_ADDRESS = re.compile(r"://[^\s:/@?#]{0,128}:([^\s@/]{1,4000})@")
_AUTHORIZATION = re.compile(
    r"authorization[\"'`]?\s{0,3}[:=]\s{0,3}[\"'`]?(?:[a-z]{1,20}\s{1,3})?([\w.~+/=-]{12,})",
    re.ASCII,
)
_BEARER = re.compile(r"bearer\s{1,3}([\w.~+/=-]{16,})", re.ASCII)
# Four by four letters at random, as mail services make them for a program.
_APP_PASSWORD = re.compile(r"(?<![a-z])[a-z]{4}(?:([ -])[a-z]{4})(?:\1[a-z]{4}){2}(?![a-z])")
_NO_VOWEL = re.compile(r"(?<![a-z])[b-df-hj-np-tv-xz]{4}(?![a-z])")


class _Value(NamedTuple):
    """Where a value is: its quotes end it, or the next space."""

    start: int
    end: int
    is_quoted: bool = False


def assignments(text: str) -> Iterator[Finding]:
    """Yield the secrets in a text that are told by the words before them."""
    low = text.replace("İ", "I").lower()  # the one letter whose small form is longer
    yield from _authorizations(text, low)
    yield from _passwords(text, low)
    yield from _keys(text, low)
    yield from _in_addresses(text)
    yield from matches("password", _IN_TAGS, low) if "</" in low else ()
    yield from (one for one in in_structures(text) if not _is_filled_in(one, text))
    yield from phrases(text, low)


def _app_password_after(at: int, low: str) -> Iterator[Finding]:
    found = _APP_PASSWORD.search(low, at, at + _WINDOW)
    if found and _NO_VOWEL.search(found[0]) and _same_sentence(low[at : found.start()]):
        yield Finding(found.start(), found.end(), "password")


def _authorizations(text: str, low: str) -> Iterator[Finding]:
    if "bearer" not in low and "authorization" not in low:
        return
    for pattern in (_AUTHORIZATION, _BEARER):
        for found in matches("bearer-token", pattern, low):
            value = text[found.start : found.end]
            if has_digit(value) or (len(value) >= 20 and not value.islower()):
                yield found


def _passwords(text: str, low: str) -> Iterator[Finding]:
    covered = 0
    for named in chain(map(Name, ends_of(PASSWORDS, low)), names(low)):
        yield from _app_password_after(named.end, low)
        for found in _password_after(named, text) if named.end > covered else ():
            covered = max(covered, found.end)
            yield found
    for name in _SHORT_NAME.finditer(low) if any(map(low.__contains__, _SHORT_NAMES)) else ():
        value = _value(text, name.end())
        if value and _is_strong_password(text[value.start : value.end]):
            yield _whole(text, value)


def _keys(text: str, low: str) -> Iterator[Finding]:
    for end in ends_of(KEYS, low):
        yield from _key_after(end, text, "api-key")
    for end in ends_of(BARE_KEYS, low):
        before = low[max(0, end - 24) : end].removesuffix("key")
        if low.startswith("key", end - 3) and _KEY_OF.search(before):
            yield from _key_after(end, text, "api-key")
        elif not NAMING.search(before):
            yield from _linked_key(end, text)
    for end in ends_of(SESSIONS, low):
        yield from _key_after(end, text, "session-cookie", least=_LEAST_SESSION)


def _password_after(named: Name, text: str) -> Iterator[Finding]:
    ending = _ENDING.match(text, named.end)
    at = ending.end() if ending else named.end
    assigned = None if named.is_ambiguous else _ASSIGNED.match(text, at)
    value = _value(text, assigned.end()) if assigned else None
    if assigned and value:
        written = text[value.start : value.end]
        name = text[at - 3 : at] + assigned[1]
        if _ABOUT.search(assigned[1]) and not is_random(written):
            return
        if _may_be_password(written, name, quoted=value.is_quoted, last=_ends(text, value.end)):
            yield _whole(text, value)
        return
    for token in _RUN.finditer(text, at, at + _WINDOW + _BOUND):
        start, end = _trimmed(text, *token.span())
        if token.start() == at and _goes_on(text, at):  # the rest of the name's own word
            continue
        between = text[at:start]
        if start > at + _WINDOW or not _same_sentence(between):
            return
        leads = named.leads_to(text[start:end], between)
        linked = _is_linked(text, at, start) if leads is None else leads
        if _is_password_in_words(text[start:end], is_linked=linked):
            yield _whole(text, _Value(start, end))
            return


def _is_linked(text: str, at: int, start: int) -> bool:
    """Tell whether what stands between a name and a word makes the word its value."""
    between = text[at:start]
    if _COMPARED.search(between) or _IN_GENERAL.search(between):
        return False
    return bool(_LINKED.search(between) or _POLISH_IS.search(text, max(0, at - 5), start))


def _goes_on(text: str, at: int) -> bool:
    """Tell whether the word of a name goes on at this place, as in scripts that part words."""
    return text[at - 1].isascii() or text[at] in "-_."


def _key_after(at: int, text: str, type: str, *, least: int = 16) -> Iterator[Finding]:
    for token in _KEY.finditer(text, at, at + _WINDOW + _BOUND):
        if token.start() > at + _WINDOW or not _same_sentence(text[at : token.start()]):
            return
        if is_random(token[0], least=least) and not (type != "api-key" and is_uuid(token[0])):
            yield Finding(token.start(), _end_of_key(text, token), type)
            return


def _linked_key(at: int, text: str) -> Iterator[Finding]:
    token = _KEY.search(text, at, at + _WINDOW + _BOUND)
    if token and is_random(token[0], least=20) and not is_uuid(token[0].rstrip(".")):
        between = text[at : token.start()]
        near = len(between) <= _WINDOW and _same_sentence(between)
        if near and (_LINKED.search(between) or _A_NAME.fullmatch(between)):
            yield Finding(token.start(), _end_of_key(text, token), "api-key")


def _in_addresses(text: str) -> Iterator[Finding]:
    if "://" in text and "@" in text:
        for found in matches("password-in-url", _IN_ADDRESS, text):
            if not _is_filled_in(found, text):
                yield found


def _is_filled_in(found: Finding, text: str) -> bool:
    """Tell whether a value only holds the place of one."""
    value = text[found.start : found.end]
    return bool(_PLACEHOLDER.fullmatch(value) or value[0] in "$<{%*[")


def _value(text: str, at: int) -> _Value | None:
    """Return where a value at this place is, and whether it is quoted: then its quotes end it."""
    at += text.startswith("\\", at)
    quote = text[at : at + 1]
    if quote and quote in "\"'`":
        close = text.find(quote, at + 1)
        if close > at + 1 and "\n" not in text[at + 1 : close]:
            close -= text.startswith("\\", close - 1)
            return _Value(at + 1, close, is_quoted=True)
    run = _RUN.match(text, at)
    if run is None:
        return None
    return _Value(*_trimmed(text, *run.span()))


def _whole(text: str, value: _Value) -> Finding:
    """Return the whole of a value of which so far only what is within the bound was looked at."""
    start, end, is_quoted = value
    rest = _REST_OF_RUN.match(text, end) if end - start >= _BOUND - 1 and not is_quoted else None
    return Finding(start, _trimmed(text, start, rest.end())[1] if rest else end, "password")


def _end_of_key(text: str, token: re.Match[str]) -> int:
    """Return where a key ends: at the quote that ends it, if it has one."""
    quoted = (
        _REST_OF_QUOTED.match(text, token.end()) if text[: token.start()][-1:] in _QUOTES else None
    )
    if quoted and quoted[1] == text[token.start() - 1]:
        return quoted.start(1)
    rest = _REST_OF_KEY.match(text, token.end())
    end = rest.end() if rest else token.end()
    while text[end - 1] == ".":
        end -= 1
    return end


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Return where a value is that is not quoted: without the punctuation after it."""
    cut = _NEXT.search(text, start + 1, end)
    end = cut.start() if cut else end
    while end > start and text[end - 1] in ".,;:!?)]}\"'`":
        end -= 1
    while start < end and text[start] in "(\"'`":
        start += 1
    return start, end


def _same_sentence(between: str) -> bool:
    return not any(stop in between for stop in (". ", "! ", "? ", "。", "\n\n", MASK))


def _ends(text: str, end: int) -> bool:
    return text[end : end + 2].strip("\"'`.,;&)} \n")[:1] == "" or text[end : end + 1] in ",;&\n"


def _may_be_password(value: str, name: str, *, quoted: bool, last: bool) -> bool:
    """Tell whether what is assigned to a password of this name can be one."""
    if len(value) < 4 or _PLACEHOLDER.fullmatch(value) or _TEMPLATE.fullmatch(value):
        return False
    if not quoted and (_EXPRESSION.search(value) or _is_variable(value, name)):
        return False
    if quoted and _SENTENCE.fullmatch(value):
        return False
    return quoted or last or has_digit(value)


def _is_variable(value: str, name: str) -> bool:
    """Tell whether a value without quotes is a name of code; in settings (PASSWORD=) none is."""
    if name.isupper() or not _IDENTIFIER.fullmatch(value):
        return False
    return bool(
        _OF_WORDS.fullmatch(value) and (_NAMES_ITSELF.search(value) or not has_digit(value))
    )


def _is_password_in_words(value: str, *, is_linked: bool) -> bool:
    """Tell whether a word after "password" is one: by its signs, or by what links the two."""
    if not _is_strong_password(value) or _A_NORM.match(value):
        return False
    signs = any(sign in value.strip("*") for sign in "!#$%&*?@^~")
    return (signs and has_digit(value)) or is_linked


def _is_strong_password(value: str) -> bool:
    """Tell whether a word among others can only be a password: letters with digits or signs."""
    value = value.strip("*_:")  # how Markdown stresses a word
    if _PLACEHOLDER.fullmatch(value):
        return False
    if not 6 <= len(value) <= 64:
        return len(value) > 64 and is_random(value)
    if re.search(r"^[\w-]+=[^=]|://|\w\(|%\(\w|@\w{1,60}\.", value):
        return False
    letters = any(map(str.isalpha, value))
    signs = sum(value.count(sign) for sign in "!#$%&*+=?@^~")
    return letters and (has_digit(value) or signs > 0) and not value.startswith(("--", "$", "<"))
