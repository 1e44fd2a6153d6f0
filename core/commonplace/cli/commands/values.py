"""The commands about values under keys."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import click

from commonplace.cli.codes import NotFound
from commonplace.cli.options import Target, Time, given, targeted
from commonplace.cli.store import opened

_MISSING = object()


@click.command("set")
@click.argument("key")
@click.argument("value", metavar="VALUE|-")
@click.option("--text", is_flag=True, help="VALUE is a text, also where it could be JSON.")
@targeted
def set_command(target: Target, key: str, value: str, *, text: bool) -> None:
    """Keep a JSON value under KEY.

    What is no JSON is taken as a text. The store is made if it is not there.
    """
    said = given(value)
    with opened(target, makes=True) as memory:
        memory.set(key, said if text else _value(said))


@click.command("get")
@click.argument("key")
@click.option("--as-of", type=Time(), help="The value of this moment.")
@targeted
def get_command(target: Target, key: str, as_of: datetime | None) -> None:
    """Print the value under KEY, as JSON.

    Ends with 3 if there is none.
    """
    with opened(target) as memory:
        value = memory.get(key, _MISSING, as_of=as_of)
    if value is _MISSING:
        raise NotFound(f"There is no value under {key!r}.")
    click.echo(json.dumps(value, ensure_ascii=False))


@click.command("delete")
@click.argument("key")
@targeted
def delete_command(target: Target, key: str) -> None:
    """Remove the value under KEY.

    Ends with 3 if there is none.
    """
    with opened(target) as memory:
        if not memory.delete(key):
            raise NotFound(f"There is no value under {key!r}.")


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
