"""The command line: a server, its keys, and care for a directory."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commonplace.errors import CommonplaceError
from commonplace.ownership import is_served
from commonplace.records import now
from commonplace.reembed_command import reembed
from commonplace.scope import Scope

if TYPE_CHECKING:
    from commonplace.memory import Memory
    from commonplace.service.serving import Port, Service

app = typer.Typer(
    help="Long-term memory that agents share.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
keys = typer.Typer(
    help="API keys of a directory's server, each for one scope.", no_args_is_help=True
)
app.add_typer(keys, name="keys")
app.command()(reembed)

Directory = Annotated[Path, typer.Argument(help="The directory of the store.", file_okay=False)]


def main() -> None:
    """Run the command that was given; an error of ours is one line, and the exit code 1."""
    try:
        app()
    except CommonplaceError as error:
        typer.echo(f"commonplace: {error}", err=True)
        raise SystemExit(1) from None
    except ModuleNotFoundError as error:
        typer.echo(
            f"commonplace: this command needs {error.name!r}. "
            'Install it with: pip install "commonplace-memory[server]"',
            err=True,
        )
        raise SystemExit(1) from None


@app.command()
def serve(
    directory: Directory,
    *,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 is every one of this machine.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port to listen on; 0 takes a free one.")
    ] = 8710,
    certificate: Annotated[
        Path | None, typer.Option(help="Certificate with its chain (PEM), for TLS.")
    ] = None,
    certificate_key: Annotated[
        Path | None, typer.Option(help="Its private key, if that is in a file of its own.")
    ] = None,
    embedder: Annotated[
        str | None,
        typer.Option(
            help="Name of the clients' own embedder, whose vectors they send: this server then "
            "loads no model."
        ),
    ] = None,
) -> None:
    """Serve DIRECTORY to this user's processes, and to others with keys, until interrupted."""
    from commonplace.service.serving import Port, run_until_signal

    os.umask(0o077)  # what is remembered is this user's, the new files included
    path = directory.expanduser().resolve()
    service = _service(path, Port(host, port, certificate, certificate_key), embedder)
    run_until_signal(service, lambda: _announce(path, service))
    typer.echo("stopped; everything is stored")


def _service(path: Path, port: Port, embedder: str | None) -> Service:
    from commonplace.local import owned
    from commonplace.roots import CACHE_BYTES
    from commonplace.service.absent import Absent
    from commonplace.service.serving import Service

    model = None if embedder is None else Absent(embedder)
    engine, lock = owned(path, model, clock=now, cache_bytes=CACHE_BYTES, serves=True)
    return Service(engine, lock, path, embeds=model is None, port=port)


def _announce(path: Path, service: Service) -> None:
    from commonplace.service.keys import Keys

    for address in service.addresses:
        typer.echo(f"serving {path} at {address}")
    if not Keys(path).listed():
        typer.echo(
            "No key has been made yet: only this user's processes can connect. Make one with:\n"
            f"  commonplace keys add {path} SCOPE"
        )


@keys.command("add")
def add_key(
    directory: Directory,
    scope: Annotated[
        str, typer.Argument(help='The scope it opens, such as user/alice; "" is all.')
    ],
    max_records: Annotated[
        int | None, typer.Option(min=1, help="Records that may be in the scope.")
    ] = None,
    requests_per_minute: Annotated[
        int | None, typer.Option(min=1, help="Requests it may send.")
    ] = None,
) -> None:
    """Make a key for SCOPE and print it: it is shown only now.

    A server that runs admits it at once.
    """
    from commonplace.service.keys import Keys

    made = Keys(directory).add(
        Scope.parse(scope), max_records=max_records, requests_per_minute=requests_per_minute
    )
    typer.echo(made)


@keys.command("list")
def list_keys(directory: Directory) -> None:
    """List the keys: id, scope, when each was made, and its quotas."""
    from commonplace.service.keys import Keys

    for key in Keys(directory).listed():
        quotas = f"{key.max_records or '-'}\t{key.requests_per_minute or '-'}"
        typer.echo(f"{key.id}\t{key.scope or '(root)'}\t{key.created_at}\t{quotas}")


@keys.command("revoke")
def revoke_key(
    directory: Directory, id: Annotated[str, typer.Argument(help="Its id, as `list` shows it.")]
) -> None:
    """Make a key worthless, at once."""
    from commonplace.service.keys import Keys

    Keys(directory).revoke(id)
    typer.echo(f"revoked {id}")


@app.command("import")
def import_records(
    source: Annotated[
        list[str],
        typer.Argument(
            metavar="[FORMAT] FILE DIRECTORY",
            help="The file or folder to read and the directory of the store. The format is "
            "recognised unless it is named: chatgpt, claude, mem0, …; see docs/migration.md.",
        ),
    ],
    *,
    scope: Annotated[str, typer.Option(help="The scope to import into; all by default.")] = "",
    collection: Annotated[
        list[str] | None,
        typer.Option(help="A collection of a Chroma directory, as tenant/database/name."),
    ] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="What a column of a table holds, such as text=Body.")
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="Write nothing and tell what would be.")] = False,
) -> None:
    """Bring records from FILE into DIRECTORY; again, and nothing changes."""
    if len(source) not in (2, 3):
        raise typer.BadParameter("Give FILE and DIRECTORY, with the format before them if at all.")
    format = source[0] if len(source) == 3 else None
    with _opened(Path(source[-1]), scope) as memory:
        report = memory.import_(
            source[-2],
            format=format,
            collections=collection or [],
            columns=dict(_pair(one) for one in column or []),
            dry_run=dry_run,
        )
    recognised = "" if format else f"{report.format}: "
    typer.echo(f"{'would be: ' if dry_run else ''}{recognised}{report}")
    for skipped in report.reasons:
        typer.echo(f"  {skipped.where}: {skipped.reason}", err=True)
    for note in report.notes:
        typer.echo(f"  {note.where}, kept but for this: {note.what}", err=True)


def _pair(text: str) -> tuple[str, str]:
    field, sign, column = text.partition("=")
    if not sign:
        raise typer.BadParameter(f"--column is field=column, such as text=Body, not {text!r}.")
    return field, column


@app.command()
def export(
    directory: Directory,
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    scope: Annotated[str, typer.Option(help="The scope to export; all by default.")] = "",
) -> None:
    """Write the records of DIRECTORY to FILE, as JSON Lines."""
    with _opened(directory, scope) as memory:
        typer.echo(f"{memory.export(file):,} records written to {file}")


@app.command()
def erase(
    directory: Directory,
    scope: Annotated[str, typer.Argument(help="The scope to erase, such as user/alice.")],
    reason: Annotated[str, typer.Option(help="Kept in the audit log as it is.")],
    backup: Annotated[
        list[Path] | None, typer.Option(help="A backup from which it is erased as well.")
    ] = None,
) -> None:
    """Erase SCOPE from DIRECTORY down to the bytes, and print the receipt."""
    from commonplace.keeping.receipt import to_json

    with _opened(directory, scope) as memory:
        receipt = memory.erase(reason=reason, backups=backup or ())
    typer.echo(json.dumps(to_json(receipt), indent=1))


@app.command()
def sweep(directory: Directory) -> None:
    """Remove what is expired from DIRECTORY."""
    with _opened(directory, "") as memory:
        typer.echo(f"{memory.sweep():,} records removed")


@app.command()
def audit(directory: Directory) -> None:
    """Print the audit log of DIRECTORY, what is unfinished, and whether the log was changed."""
    from commonplace.keeping.audit_chain import to_line

    with _opened(directory, "") as memory:
        for entry in memory.audit():
            typer.echo(to_line(entry).decode())
        changed, unfinished = memory.verify_audit(), memory.unfinished()
    for entry in unfinished:
        said = " ".join(filter(None, [entry.action, entry.note]))
        typer.echo(f"unfinished: entry {entry.number}, {said} (scope {entry.scope})", err=True)
    for finding in changed:
        typer.echo(finding, err=True)
    if changed:
        raise typer.Exit(1)


@app.command()
def backup(directory: Directory, file: Annotated[Path, typer.Argument(help="A new file.")]) -> None:
    """Write the store of DIRECTORY to FILE; its server may be running."""
    from commonplace.chroma.backup import backup_directory
    from commonplace.service.connection import Connection
    from commonplace.service.joining import joined
    from commonplace.service.wire import ENGINE

    path, target = directory.expanduser().resolve(), file.expanduser().resolve()
    if is_served(path):
        Connection(lambda: joined(path, None)).call(f"{ENGINE}/backup", {"file": str(target)})
    else:
        backup_directory(path, target)
    typer.echo(f"written to {target}")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `backup` wrote.")],
    directory: Annotated[Path, typer.Argument(help="A directory that is new or empty.")],
) -> None:
    """Put a backup back into DIRECTORY."""
    from commonplace.chroma.backup import restore as put_back

    put_back(file.expanduser().resolve(), directory.expanduser().resolve())
    typer.echo(f"restored into {directory}")


@app.command()
def doctor(
    directory: Directory,
    *,
    repair: Annotated[bool, typer.Option("--repair", help="Rebuild what can be.")] = False,
) -> None:
    """Look for damage in DIRECTORY, which nobody may have open."""
    from commonplace.chroma import repair as repairing
    from commonplace.embedding import MiniLM, as_embedder

    path = directory.expanduser().resolve()
    report = repairing.repair(path, as_embedder(MiniLM())) if repair else repairing.examine(path)
    for finding in report.repaired:
        typer.echo(f"repaired: {finding.what}")
    for finding in report.findings:
        typer.echo(f"found: {finding.what}")
    typer.echo(f"{report.records:,} records; {'sound' if report.is_sound else 'damaged'}")
    if not report.is_sound:
        raise typer.Exit(1)


@app.command()
def download_model() -> None:
    """Download the weights of the default embedder: Chroma's archive, about 80 MB."""
    from commonplace.embedding import weights

    typer.echo(f"{weights.MODEL_NAME} is in {weights.download()}")


def _opened(directory: Path, scope: str) -> Memory:
    """Return the memory of a scope of a directory, which is closed with it."""
    from commonplace.opening import open

    memory = open(directory)
    return memory.scope(scope) if scope else memory


if __name__ == "__main__":
    main()
