"""The command that serves a directory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commonplace.cli.commands.keys import keys_of
from commonplace.cli.options import CHROMA, Target, of_a_store
from commonplace.cli.places import placed
from commonplace.cli.store import client_at, is_address, is_chroma, named

if TYPE_CHECKING:
    from commonplace.service.http_server import Port
    from commonplace.service.serving import Serving


@click.command("serve")
@click.argument("words", metavar="[DIRECTORY]", nargs=-1)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; 0.0.0.0 is every one of this machine.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8710,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--certificate", type=click.Path(path_type=Path), help="With its chain, PEM, for TLS."
)
@click.option("--certificate-key", type=click.Path(path_type=Path), help="Its private key.")
@click.option(
    "--embedder",
    help="'minilm', 'multilingual' or 'openai:MODEL@ADDRESS'; or the name of the clients' own "
    "embedder, whose vectors they send. A store has one already.",
)
@click.option(
    "--name",
    "names",
    multiple=True,
    help="A name that browsers and MCP hosts call it by, such as memory.example.org.",
)
@of_a_store
def serve_command(
    target: Target,
    words: tuple[str, ...],
    *,
    host: str,
    port: int,
    certificate: str | None,
    certificate_key: str | None,
    embedder: str | None,
    names: tuple[str, ...],
) -> None:
    """Serve DIRECTORY to this user's processes, and to others with keys.

    Ctrl-C ends it. The directory is created if needed. With --chroma, serve the store that a
    Chroma server holds: any number of servers can do that at once.
    """
    from commonplace.service.http_server import Port
    from commonplace.service.serving import run_until_signal

    target, _ = placed(target, words, [])
    place = named(target.store)
    if is_address(place):
        raise click.UsageError(f"A directory is served, not {place!r}.")
    os.umask(0o077)  # what is remembered is this user's, the new files included
    own, private = (Path(one) if one else None for one in (certificate, certificate_key))
    serving = _of_chroma if is_chroma(place) else _of_directory
    service = serving(target, Port(host, port, own, private, names), embedder)
    run_until_signal(service, lambda: _announce(target, service))
    click.echo("stopped; everything is stored")


def _of_chroma(target: Target, port: Port, embedder: str | None) -> Serving:
    from commonplace.service.store_serving import store_service

    return store_service(client_at(target), port, embedder)


def _of_directory(target: Target, port: Port, embedder: str | None) -> Serving:
    from commonplace.opening.local import owned
    from commonplace.opening.roots import CACHE_BYTES
    from commonplace.service.absent import Absent, model_of
    from commonplace.service.serving import Service
    from commonplace.values.records import now

    path = Path(named(target.store)).expanduser().resolve()
    model = model_of(embedder)
    engine, lock = owned(path, model, clock=now, cache_bytes=CACHE_BYTES, serves=True)
    return Service(engine, lock, path, embeds=not isinstance(model, Absent), port=port)


def _announce(target: Target, service: Serving) -> None:
    place = named(target.store)
    shown = place if is_chroma(place) else Path(place).expanduser().resolve()
    for address in service.addresses:
        click.echo(f"serving {shown} at {address}")
    if not keys_of(target).listed():
        named_by = f"--chroma {place.removeprefix(CHROMA)}" if is_chroma(place) else shown
        others = "nobody" if is_chroma(place) else "only this user's processes"
        click.echo(
            f"No key has been made yet: {others} can connect. Make one with:\n"
            f"  commonplace keys add {named_by} SCOPE"
        )
