"""The command that gives a store the vectors of another model."""

from __future__ import annotations

import click

from commonplace.cli.options import Target
from commonplace.cli.places import placed
from commonplace.cli.store import directory_of, of_a_directory


@click.command("reembed")
@click.argument("words", metavar="[DIRECTORY]", nargs=-1)
@click.option("--embedder", help="'minilm', 'multilingual' or 'openai:MODEL@ADDRESS'. [required]")
@of_a_directory
def reembed_command(target: Target, words: tuple[str, ...], *, embedder: str | None) -> None:
    """Change the model of a store that nobody has open.

    If it is interrupted, the store is unchanged. Run the same command again to continue.
    """
    from tqdm import tqdm

    from commonplace.chroma.reembedding import reembed

    target, _ = placed(target, words, [])
    directory = directory_of(target.store)
    if embedder is None:  # told last: whoever means another store needs to know that first
        raise click.MissingParameter(param_hint="'--embedder'", param_type="option")
    with tqdm(unit=" records") as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        count = reembed(directory, embedder, show)
    click.echo(f"{count:,} records are embedded with {embedder}")
