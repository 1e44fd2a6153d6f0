"""Which commands there are, and how the program ends. Imports what a command needs when it runs."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import NoReturn

import click

from commonplace import __version__
from commonplace.cli.codes import BROKEN_PIPE, FAILED, INTERRUPTED, code_of
from commonplace.errors import CommonplaceError

PROGRAM = "commonplace"
COMPLETE = "_COMMONPLACE_COMPLETE"

COMMANDS = {
    "remember": ("remembering", "Keep TEXT, or what comes from standard input."),
    "recall": ("recalling", "Find the records that answer QUERY, best first."),
    "context": ("recalling", "Print the block for a prompt about QUERY."),
    "list": ("records", "List records, newest first."),
    "show": ("records", "Show records with all that is known of them."),
    "history": ("records", "Show the versions of a record, the oldest first."),
    "update": ("records", "Change a record."),
    "forget": ("records", "Remove records, with their past versions."),
    "set": ("values", "Keep a JSON value under KEY."),
    "get": ("values", "Print the value under KEY, as JSON."),
    "delete": ("values", "Remove the value under KEY."),
    "observe": ("remembering", "Keep the messages of a conversation."),
    "quarantine": ("quarantine", "Records that are held back."),
    "scopes": ("counting", "List the scopes that hold records, with their numbers."),
    "stats": ("counting", "Count the records, by kind."),
    "import": ("moving", "Bring records from FILE into a store; a second time changes nothing."),
    "export": ("moving", "Write the records of a store to FILE, as JSON Lines."),
    "backup": ("moving", "Write a store to FILE; its server may be running."),
    "restore": ("moving", "Put a backup back into DIRECTORY, which is new or empty."),
    "erase": ("caring", "Erase SCOPE down to the bytes, and print the receipt."),
    "sweep": ("caring", "Remove what is expired."),
    "audit": ("caring", "Print the audit log, what is unfinished, and whether it was changed."),
    "doctor": ("caring", "Look for damage in a directory that nobody has open."),
    "reembed": (
        "reembedding",
        "Change the model of a store that nobody has open.",
    ),
    "download-model": ("caring", "Download the weights of the default embedder, about 80 MB."),
    "serve": ("serving", "Serve DIRECTORY to this user's processes, and to others with keys."),
    "ui": ("ui", "Show a store in a browser."),
    "mcp": ("mcp", "Serve a memory to an MCP host, or add it to a host's configuration."),
    "keys": ("keys", "API keys of a directory's server, or the keys of values."),
    "completion": ("completion", "Print the script that completes commands in a shell."),
}
"""Each command, the module in `commands` that has it, and its first sentence."""


class Commands(click.Group):
    """Knows the commands by name, and imports the one that is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's
        """Return the names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return a command, or None if there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"commonplace.cli.commands.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the names and what they do, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, said) for name, (_, said) in COMMANDS.items()])

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Return the commands, and then the options, that begin so; without importing any."""
        from click.shell_completion import CompletionItem

        found = [
            (name, said) for name, (_, said) in COMMANDS.items() if name.startswith(incomplete)
        ]
        commands = [CompletionItem(name, help=said) for name, said in found]
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name=PROGRAM)
@click.option("-v", "--verbose", count=True, help="Log what is done; -vv also logs the content.")
def app(verbose: int) -> None:  # commands look it up
    """Long-term memory that agents share.

    The store is named by --dir or COMMONPLACE_DIR, a directory or the address of a server; whose
    memory it is by --scope or COMMONPLACE_SCOPE, such as user/alice. The key that a server asks
    for is read from COMMONPLACE_API_KEY.
    """


def main() -> NoReturn:
    """Run the command that was given; what goes wrong is one line, and a code of the table."""
    try:
        code = _run()
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read it has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = BROKEN_PIPE
    except (KeyboardInterrupt, click.Abort):
        _say("interrupted")
        code = INTERRUPTED
    sys.exit(code)


def _run() -> int:
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a file's
    if COMPLETE in os.environ:
        app.main(prog_name=PROGRAM)
    try:
        # What `main` of click does beside it: an end of its own for pipes and interruptions.
        with app.make_context(PROGRAM, sys.argv[1:]) as ctx:
            app.invoke(ctx)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        _say(_told(error))
        return error.exit_code
    except CommonplaceError as error:
        _say(str(error))
        return code_of(error)
    except ModuleNotFoundError as error:
        _say(
            f"this command needs {error.name!r}. "
            'Install it with: pip install "commonplace-memory[server]"'
        )
        return FAILED
    return 0


def _say(what: str) -> None:
    click.echo(f"{PROGRAM}: {what}", err=True)


def _told(error: click.ClickException) -> str:
    """Return what went wrong as one line, with what helps."""
    said = " ".join(error.format_message().split())
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    return f"{said} See: {ctx.command_path} --help" if ctx else said
