"""The command that gives a store the vectors of another model."""

from __future__ import annotations

import click

from commonplace.cli.options import Target, of_a_store
from commonplace.cli.places import placed
from commonplace.cli.store import directory_of


@click.command("reembed")
@click.argument("words", metavar="[DIRECTORY]", nargs=-1)
@click.option(
    "--embedder", required=True, help="'minilm', 'multilingual' or 'openai:MODEL@ADDRESS'."
)
@of_a_store
def reembed_command(target: Target, words: tuple[str, ...], *, embedder: str) -> None:
    """Change the model of a store that nobody has open.

    If it is interrupted, the store is unchanged. Run the same command again to continue.
    """
    from tqdm import tqdm

    from commonplace.chroma.reembedding import reembed

    target, _ = placed(target, words, [])
    with tqdm(unit=" records") as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        count = reembed(directory_of(target.store), embedder, show)
    click.echo(f"{count:,} records are embedded with {embedder}")
