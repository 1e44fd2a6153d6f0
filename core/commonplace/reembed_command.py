"""The command `commonplace reembed`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def reembed(
    directory: Annotated[Path, typer.Argument(help="The directory of the store.", file_okay=False)],
    *,
    embedder: Annotated[str, typer.Option(help="'minilm' or 'multilingual'.")],
) -> None:
    """Embed everything in DIRECTORY with another model, which nobody may have open.

    If it is interrupted, the store is as it was, and the same command goes on where it ended.
    """
    from tqdm import tqdm

    from commonplace.chroma.reembedding import reembed as embedded_again

    with tqdm(unit=" records") as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        count = embedded_again(directory.expanduser().resolve(), embedder, show)
    typer.echo(f"{count:,} records are embedded with {embedder}")
