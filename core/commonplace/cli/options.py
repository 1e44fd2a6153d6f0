"""The options that commands share, and what their texts stand for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import reduce, wraps
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from datetime import datetime

    from commonplace.values.records import Source

F = TypeVar("F", bound=Callable[..., Any])

CHROMA = "chroma+"
"""What stands before the address of a Chroma server where a store is named."""
KINDS = ("fact", "preference", "instruction", "event", "message", "summary", "value")
ORIGINS = ("user", "agent", "tool", "document", "operator")


class Target(NamedTuple):
    """Which memory a command is about, and how it prints what it finds."""

    store: str | None
    scope: str
    as_json: bool
    tenant: str | None = None
    database: str | None = None
    headers: Sequence[str] = ()
    model: str | None = None


of_a_model = click.option(
    "--embedder",
    "model",
    envvar="COMMONPLACE_EMBEDDER",
    metavar="NAME",
    help="The store's model, of a new store too: minilm, multilingual or "
    "openai:MODEL@ADDRESS. [COMMONPLACE_EMBEDDER]",
)


def targeted(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a memory, and a Target as its first argument."""
    scope = click.option(
        "--scope",
        envvar="COMMONPLACE_SCOPE",
        default="",
        metavar="PATH",
        help="Whose memory, such as user/alice; by default all. [COMMONPLACE_SCOPE]",
    )
    return _of_a_store(scope(of_a_model(_with_target(function))))


def of_a_store(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a whole store, and a Target as its first argument."""
    return _of_a_store(_with_target(function))


def _of_a_store(function: Callable[..., Any]) -> Callable[..., Any]:
    add = options(
        click.option(
            "--dir",
            "--server",
            "store",
            envvar="COMMONPLACE_DIR",
            metavar="DIR|URL",
            help="The directory of the store, or the address of its server. [COMMONPLACE_DIR]",
        ),
        *_OF_CHROMA,
        click.option("--json", "as_json", is_flag=True, help="Print JSON on a terminal too."),
    )
    return add(function)


_OF_CHROMA = (
    click.option(
        "--chroma",
        envvar="COMMONPLACE_CHROMA",
        metavar="URL",
        help="The address of a Chroma server that holds the store. [COMMONPLACE_CHROMA]",
    ),
    click.option(
        "--tenant", envvar="COMMONPLACE_CHROMA_TENANT", help="The tenant there. [.._TENANT]"
    ),
    click.option(
        "--database",
        envvar="COMMONPLACE_CHROMA_DATABASE",
        help="The tenant's database. [.._DATABASE]",
    ),
    click.option(
        "--header-from-env",
        "headers",
        multiple=True,
        envvar="COMMONPLACE_CHROMA_HEADERS",
        metavar="NAME=VARIABLE",
        help="Send the Chroma server a header with what a variable holds. [.._HEADERS]",
    ),
)


def _with_target(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def command(*args: Any, store: str | None, chroma: str | None, **given: Any) -> Any:
        from commonplace.cli.logs import log_to_stderr

        log_to_stderr(click.get_current_context().find_root().params.get("verbose", 0))
        parts = {name: given.pop(name) for name in Target._fields if name in given}
        named = _one_of(store, None if chroma is None else f"{CHROMA}{chroma}")
        return function(Target(named, **{"scope": "", **parts}), *args, **given)

    return command


def _one_of(store: str | None, chroma: str | None) -> str | None:
    """Return which store is meant: what stands in the command counts before a variable."""
    if store is None or chroma is None:
        return chroma or store
    of_store, of_chroma = is_given("store"), is_given("chroma")
    if of_store == of_chroma:
        raise click.UsageError("Give either --dir or --chroma: a store is in one place.")
    return store if of_store else chroma


def is_given(option: str) -> bool:
    """Tell whether an option stands in the command, and not in a variable."""
    source = click.get_current_context().get_parameter_source(option)
    return source is ParameterSource.COMMANDLINE


def options(*decorators: Callable[[Any], Any]) -> Callable[[F], F]:
    """Return what adds several options, in the order of the help."""

    def add(function: F) -> F:
        return reduce(lambda made, one: one(made), reversed(decorators), function)

    return add


class Time(click.ParamType):  # type: ignore[type-arg]  # not generic in click 8.1
    """A moment in ISO 8601; without a timezone it is in that of this machine."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return the moment."""
        from dateutil.parser import isoparse

        try:
            moment: datetime = isoparse(value)
        except ValueError:
            self.fail(f"{value!r} is no time such as 2026-11-28 or 2026-11-28T09:30.", param, ctx)
        return moment if moment.tzinfo else moment.astimezone()


class JsonText(click.ParamType):  # type: ignore[type-arg]  # not generic in click 8.1
    """A JSON value."""

    name = "json"

    def __init__(self, *, is_object: bool = True) -> None:
        """Take objects alone, or any value."""
        self._is_object = is_object

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the value."""
        import json

        try:
            read = json.loads(value)
        except ValueError as error:
            self.fail(f"{value!r} is no JSON ({error}).", param, ctx)
        if self._is_object and not isinstance(read, dict):
            self.fail(f'{value!r} is no JSON object such as {{"topic": "food"}}.', param, ctx)
        return read


conditioned = options(
    click.option("--kind", type=click.Choice(KINDS), help="Only records of this kind."),
    click.option("--where", type=JsonText(), help='A condition on metadata: {"topic": "food"}.'),
    click.option("--since", type=Time(), help="Said at this moment or later."),
    click.option("--until", type=Time(), help="Said at this moment or before."),
    click.option("--as-of", type=Time(), help="Ask what held at this moment."),
)

sourced = options(
    click.option("--framework", help="The source: the framework."),
    click.option("--agent", help="The source: who wrote or said it."),
    click.option("--session", help="The source: the conversation or run."),
    click.option("--origin", type=click.Choice(ORIGINS), help="The source: whose statement it is."),
)


def source_of(parts: dict[str, Any]) -> Source:
    """Take the options of `sourced` from `parts` and return the source."""
    from commonplace.values.records import Source

    names = ("framework", "agent", "session", "origin")
    return Source(**{name: parts.pop(name) for name in names})


def given(text: str) -> str:
    """Return a text, or for `-` standard input without the end of its last line."""
    if text != "-":
        return text
    try:
        return sys.stdin.buffer.read().decode().removesuffix("\n")
    except UnicodeDecodeError as error:
        raise click.UsageError(f"Standard input is no text in UTF-8 ({error}).") from error


def agreed(question: str, *, yes: bool) -> None:
    """Ask on a terminal whether to go on; elsewhere, go on only with --yes."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("This asks first, and there is no terminal: give --yes.")
    click.confirm(question, abort=True, err=True)
