"""What is told of each verb: a log line, and where OpenTelemetry is in use, a span and its metrics.

Never what is remembered or asked, but in the log at DEBUG. Names of scopes count as such: they are
people's. OpenTelemetry is spoken to through its API alone, and only if the program imported it:
a program that did not has set up nothing that could be told.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, wraps
from time import perf_counter
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from opentelemetry.metrics import Counter, Histogram
    from opentelemetry.trace import Span, Tracer

P = ParamSpec("P")
R = TypeVar("R")

logger = logging.getLogger("commonplace")

NAME = "commonplace"
DURATION = "commonplace.operation.duration"
RECORDS = "commonplace.operation.records"


def told(verb: Callable[P, R]) -> Callable[P, R]:
    """Tell of each call of a verb: how long it took, how many records it is about, what failed."""
    name = verb.__name__.strip("_")

    @wraps(verb)
    def telling(*args: P.args, **kwargs: P.kwargs) -> R:
        started = perf_counter()
        facts: dict[str, Any] = {"commonplace.operation": name}
        with _span(name) as span:
            try:
                result = verb(*args, **kwargs)
            except Exception as error:
                facts["error.type"] = type(error).__name__
                raise
            else:
                facts["records"] = _count(result)
                return result
            finally:
                _tell(name, facts, perf_counter() - started, span)
                if logger.isEnabledFor(logging.DEBUG):
                    logger.debug("%s of %r was given %r %r", name, *args[:1], args[1:], kwargs)

    return telling


def _tell(name: str, facts: dict[str, Any], seconds: float, span: Span | None) -> None:
    records, failed = facts.pop("records", None), facts.get("error.type")
    if logger.isEnabledFor(logging.INFO):
        done = f"error={failed}" if failed else "" if records is None else f"records={records}"
        extra = {"operation": name, "records": records, "error": failed, "seconds": seconds}
        said = " ".join(filter(None, [name, done, f"ms={seconds * 1000:.1f}"]))
        logger.info(said, extra={"commonplace": extra})
    if span is not None:
        _end(span, facts if records is None else {**facts, RECORDS: records})
    if "opentelemetry.metrics" in sys.modules:
        duration, counter = _instruments()
        duration.record(seconds, facts)
        counter.add(records or 0, facts)


@contextmanager
def _span(name: str) -> Iterator[Span | None]:
    if "opentelemetry.trace" not in sys.modules:
        yield None
        return
    with _tracer().start_as_current_span(
        f"{NAME}.{name}", record_exception=False, set_status_on_exception=False
    ) as span:
        yield span


def _end(span: Span, facts: dict[str, Any]) -> None:
    from opentelemetry.trace import Status, StatusCode

    span.set_attributes(facts)
    if failed := facts.get("error.type"):
        # Not the exception: its message may hold what was given.
        span.set_status(Status(StatusCode.ERROR, failed))


# Made once: those of a program that sets up nothing stay, each of them, with the API.
@lru_cache(maxsize=1)
def _tracer() -> Tracer:
    from opentelemetry import trace

    return trace.get_tracer(NAME)


@lru_cache(maxsize=1)
def _instruments() -> tuple[Histogram, Counter]:
    from opentelemetry import metrics

    meter = metrics.get_meter(NAME)
    return (
        meter.create_histogram(DURATION, unit="s", description="How long verbs take."),
        meter.create_counter(RECORDS, unit="{record}", description="Records verbs are about."),
    )


def _count(result: object) -> int | None:
    """Return how many records a verb is about, by what it returns; None if that does not tell."""
    if result is None or isinstance(result, str):
        return None
    if isinstance(result, (list, tuple)):
        return len(result)
    if isinstance(result, int):
        return int(result)
    found = getattr(result, "found", getattr(result, "lines", None))
    if found is not None:
        return len(found)
    counted = getattr(result, "records", getattr(result, "written", 1))
    return counted if isinstance(counted, int) else 1
