"""The server of a directory in a process of its own: ``python -m commonplace.service.background``.

Started by the first process that opens the directory with ``shared=True``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import NoReturn

from commonplace.client.wire import error_to_json
from commonplace.errors import CommonplaceError, StoreError
from commonplace.opening.local import owned
from commonplace.service.absent import Absent, model_of
from commonplace.values.records import now
from commonplace.writing.policy import Screening


def main() -> None:
    """Serve the directory until it has had no client for a while."""
    given = _arguments()
    os.umask(0o077)
    embedder = model_of(given.embedder)
    try:
        from commonplace.service.serving import Service, run_until_signal

        engine, lock = owned(
            given.directory,
            embedder,
            clock=now,
            cache_bytes=given.cache_bytes,
            screening=Screening(**json.loads(given.screening)),
            serves=True,
        )
    except CommonplaceError as error:
        _report(error)
    except ModuleNotFoundError as error:
        _report(
            StoreError(
                f"The server of {str(given.directory)!r} needs {error.name!r}. "
                'Install it with: pip install "commonplace-memory[server]"'
            )
        )
    embeds = not isinstance(embedder, Absent)
    run_until_signal(Service(engine, lock, given.directory, embeds=embeds, linger=given.linger))


def _report(error: CommonplaceError) -> NoReturn:
    """End with the error where the process that started this one reads it."""
    print(json.dumps(error_to_json(error)), file=sys.stderr)  # noqa: T201  # the last line of the log
    raise SystemExit(1) from None


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="commonplace.service.background")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--embedder", help="a model, or the name of the one the clients embed with")
    parser.add_argument("--cache-bytes", type=int, required=True)
    parser.add_argument("--screening", default="{}", help="policies, as JSON")
    parser.add_argument("--linger", type=float, default=60.0, help="seconds without a client")
    return parser.parse_args()


if __name__ == "__main__":
    main()
