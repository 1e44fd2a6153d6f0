"""Nothing is trusted more than its origin, what it was given, or what it was made from."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonplace import Record, Source
from commonplace.values.records import ORIGINS, Origin
from commonplace.writing.trust import trusted

origins = st.sampled_from([*ORIGINS, None])
records = st.builds(
    lambda origin, trust: Record("x", source=Source(origin=origin), trust=trust),
    origins,
    st.none() | st.floats(0, 1),
)


@pytest.mark.parametrize(
    ("origin", "trust"),
    [("operator", 1), ("user", 0.8), ("agent", 0.6), (None, 0.5), ("tool", 0.3), ("document", 0.3)],
)
def test_a_record_is_trusted_as_its_origin(origin: Origin | None, trust: float) -> None:
    assert trusted(Record("x", source=Source(origin=origin))) == trust


@settings(deadline=None)
@given(record=records, parents=st.lists(records, max_size=5))
def test_trust_is_the_least_along_the_line(record: Record, parents: list[Record]) -> None:
    found = trusted(record, parents)

    assert found == min(trusted(one) for one in [record, *parents])
    assert record.trust is None or found <= record.trust


@settings(deadline=None)
@given(st.floats(0, 1))
def test_no_given_trust_lifts_an_unknown_origin(trust: float) -> None:
    assert trusted(Record("x", trust=trust)) <= 0.5
