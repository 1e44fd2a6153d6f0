"""A directory's server in a thread of the test's process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import Any

from commonplace.opening.local import owned
from commonplace.opening.roots import CACHE_BYTES
from commonplace.service.absent import Absent
from commonplace.service.http_server import Port
from commonplace.service.serving import Service


@contextmanager
def serving(
    directory: Path,
    embedder: object,
    clock: Callable[[], datetime],
    port: Port | None = None,
    **options: Any,
) -> Iterator[Service]:
    """Serve `directory` within; an Absent embedder leaves embedding to the clients."""
    engine, lock = owned(
        directory, embedder, clock=clock, serves=True, **{"cache_bytes": CACHE_BYTES, **options}
    )
    service = Service(engine, lock, directory, embeds=not isinstance(embedder, Absent), port=port)
    thread = Thread(target=service.run)
    thread.start()
    try:
        yield service
    finally:
        service.stop()
        thread.join()
