"""CrewAI's storage protocol: what its memory and its tests take for granted, on both stores."""

from __future__ import annotations

from crewai_offline import UTCNOW

# isort: split
import copy
import logging
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest
from crewai.memory.analyze import (
    analyze_for_consolidation,
    analyze_for_save,
    analyze_query,
    extract_memories_from_content,
)
from crewai.memory.storage.backend import EmbeddingDimensionMismatchError, StorageBackend
from crewai.memory.types import MemoryRecord
from hypothesis import given
from hypothesis import strategies as st

from commonplace import InvalidInputError, Memory, Record, Scope, Source
from commonplace.adapters.by_vector import discard, embedded, entries, nearest, own
from commonplace.recall.filters import Selection
from commonplace.testing import HashingEmbedder
from commonplace_crewai import CommonplaceStorage
from commonplace_crewai.analysis import WithoutModel, statements
from commonplace_crewai.mapping import naive, to_memory_record
from commonplace_crewai.paths import names_in, path_of

pytestmark = UTCNOW

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8) | st.sampled_from(
    ["%2F", "%252F", "/", "%", "%25", "a/b", "%25/", "%%2F", "..", " "]
)


@pytest.fixture
def storage(memory: Memory) -> CommonplaceStorage:
    return CommonplaceStorage(memory.scope("team"))


def vector(text: str) -> list[float]:
    return [float(one) for one in HashingEmbedder().embed_query(text)]


def test_it_is_a_storage_backend(storage: CommonplaceStorage) -> None:
    assert isinstance(storage, StorageBackend)


def test_a_record_comes_back_exactly(storage: CommonplaceStorage) -> None:
    record = MemoryRecord(
        content="Tea at four",
        scope="/house/kitchen",
        categories=["drinks", "zeit ☕"],
        metadata={"deep": {"list": [1, 2.5, None, True, {"a": "b"}]}, "n": 0, "crewai:x": "mine"},
        importance=0.75,
        created_at=datetime(2025, 1, 2, 3, 4, 5, 678901),  # noqa: DTZ001  # CrewAI's times are naive
        last_accessed=datetime(2025, 6, 7, 8, 9, 10, 111213),  # noqa: DTZ001
        source="user-7",
        private=True,
        embedding=vector("Tea at four"),
    )
    storage.save([record])

    assert storage.get_record(record.id) == record
    assert storage.list_records() == [record]
    assert [found for found, _ in storage.search(vector("tea at four"))] == [record]


def test_what_crewai_keeps_beside_a_record_is_not_in_its_metadata(
    storage: CommonplaceStorage,
) -> None:
    storage.save([MemoryRecord(content="Tea", categories=["drinks"], private=True, source="u")])

    assert storage.list_records()[0].metadata == {}


def test_times_with_a_zone_come_back_in_utc_without_it(storage: CommonplaceStorage) -> None:
    noon = datetime(2025, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    storage.save([MemoryRecord(content="Tea", created_at=noon, last_accessed=noon)])

    kept = storage.list_records()[0]
    assert kept.created_at == kept.last_accessed == datetime(2025, 1, 1, 10)  # noqa: DTZ001


def test_another_frameworks_record_lies_at_its_path(
    storage: CommonplaceStorage, memory: Memory
) -> None:
    source = Source(framework="langchain", session="s1", origin="user")
    said = memory.scope("team", "alice", "a/b").remember(
        "I drink tea", kind="message", source=source, metadata={"topic": "drinks"}
    )

    found = storage.get_record(said.id)
    assert found is not None
    assert (found.content, found.scope) == ("I drink tea", "/alice/a%2Fb")
    assert (found.metadata, found.source, found.private) == ({"topic": "drinks"}, "s1", False)
    assert storage.list_records(found.scope) == [found]


def test_records_that_only_look_like_crewais_are_read_all_the_same(
    storage: CommonplaceStorage, memory: Memory
) -> None:
    odd = {
        "crewai:categories": 5,
        "crewai:source": [],
        "crewai:private": "yes",
        "crewai:last_accessed": 1,
    }
    memory.scope("team").remember("Odd", metadata=odd)

    found = storage.list_records()[0]
    assert (found.categories, found.source, found.private) == ([], None, False)


def test_the_core_knows_who_wrote_a_record(storage: CommonplaceStorage, memory: Memory) -> None:
    storage.save([MemoryRecord(content="Tea", scope="/x", source="session-3")])

    kept = memory.records()[0]
    assert kept.source == Source(framework="crewai", session="session-3", origin="agent")
    assert kept.scope == Scope(("team", "x"))


@given(st.lists(NAMES, max_size=4))
def test_names_come_back_from_their_path(names: list[str]) -> None:
    assert names_in(path_of(names)) == tuple(names)


@given(st.lists(NAMES.map(lambda name: name.replace("/", "") or "x"), max_size=4))
def test_a_path_comes_back_from_its_names(segments: list[str]) -> None:
    path = "/" + "/".join(segments)
    assert path_of(names_in(path)) == path


def test_a_scope_ends_at_its_segment(storage: CommonplaceStorage) -> None:
    storage.save([MemoryRecord(content=f"Tea {n}", scope=f"/user/{n}") for n in (1, 10, "1_", "%")])

    assert [one.scope for one in storage.list_records("/user/1")] == ["/user/1"]
    assert [one.scope for one, _ in storage.search(vector("Tea"), "user/1/")] == ["/user/1"]
    assert storage.count("/user/%") == 1
    assert storage.delete("/user/1") == 1
    assert storage.count() == 3


def test_nothing_outside_the_memory_is_reached(storage: CommonplaceStorage, memory: Memory) -> None:
    other = memory.scope("other").remember("Secret tea")
    storage.save([MemoryRecord(content="Tea")])

    assert storage.get_record(other.id) is None
    assert storage.list_scopes("/") == []
    assert [one.content for one, _ in storage.search(vector("secret tea"))] == ["Tea"]
    assert storage.list_records("/../other") == []
    assert storage.delete(record_ids=[other.id]) == 0
    storage.reset()
    assert [one.text for one in memory.records()] == ["Secret tea"]


def test_what_is_included_is_not_listed_nor_deleted(memory: Memory) -> None:
    handbook = memory.scope("handbook")
    handbook.remember("Refunds take five days")
    storage = CommonplaceStorage(memory.scope("desk").including(handbook))

    assert (storage.count(), storage.list_records()) == (0, [])
    storage.reset()
    assert handbook.count() == 1


def test_search_ranks_filters_and_cuts(storage: CommonplaceStorage) -> None:
    storage.save(
        [
            MemoryRecord(content="green tea", scope="/a", categories=["x"], metadata={"n": 1}),
            MemoryRecord(content="green tea leaves", scope="/a", categories=["x", "y"]),
            MemoryRecord(content="invoice overdue", scope="/b", metadata={"n": True}),
        ]
    )

    assert storage.search(vector("green tea"), "/nowhere") == []
    found = storage.search(vector("green tea"))
    assert [one.content for one, _ in found[:2]] == ["green tea", "green tea leaves"]
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    assert found[0][1] == pytest.approx(1.0)
    assert len(storage.search(vector("green tea"), limit=1)) == 1
    assert storage.search(vector("green tea"), limit=0) == []
    assert len(storage.search(vector("green tea"), min_score=0.99)) == 1
    assert len(storage.search(vector("tea"), categories=["y", "z"])) == 1
    assert len(storage.search(vector("tea"), metadata_filter={"n": 1})) == 1
    with pytest.raises(InvalidInputError, match="within a value"):
        storage.search(vector("tea"), metadata_filter={"n": {"$gt": 0}})
    with pytest.raises(InvalidInputError, match="categories is a list"):
        storage.search(vector("tea"), categories="y")  # type: ignore[arg-type]


def test_an_exact_value_is_listed_but_neither_searched_nor_rewritten(
    storage: CommonplaceStorage, memory: Memory
) -> None:
    memory.scope("team").set("timezone", "US/Pacific")

    [value] = storage.list_records()
    assert (value.content, value.metadata) == ("timezone: US/Pacific", {})
    assert storage.search(vector("timezone")) == []
    with pytest.raises(InvalidInputError, match="exact value 'timezone'"):
        storage.update(value.model_copy(update={"content": "timezone: Oslo"}))
    assert memory.scope("team").get("timezone") == "US/Pacific"


def test_vectors_of_another_dimension_are_refused_before_anything_is_stored(
    storage: CommonplaceStorage,
) -> None:
    wrong = MemoryRecord(content="Tea", embedding=[1.0, 0.0])

    with pytest.raises(EmbeddingDimensionMismatchError, match=r"256-dimensional(.|\n)*2-dim"):
        storage.save([MemoryRecord(content="Milk"), wrong])
    with pytest.raises(EmbeddingDimensionMismatchError):
        storage.search([1.0, 0.0])
    with pytest.raises(EmbeddingDimensionMismatchError):
        storage.update(wrong)
    assert storage.count() == 0


def test_an_empty_text_is_passed_over_and_said(
    storage: CommonplaceStorage, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        storage.save([MemoryRecord(content=" "), MemoryRecord(content="Tea")])

    assert storage.count() == 1
    assert "empty CrewAI records" in caplog.text


def test_a_text_over_the_limit_keeps_its_beginning(storage: CommonplaceStorage) -> None:
    storage.save([MemoryRecord(content="x" * 100_001)])

    assert len(storage.list_records()[0].content) == 100_000


def test_update_changes_moves_and_keeps_the_vector(storage: CommonplaceStorage) -> None:
    record = MemoryRecord(content="Tea", scope="/a", metadata={"n": 1})
    storage.save([record])

    storage.update(record.model_copy(update={"scope": "/b", "metadata": {"n": 2}}))

    [kept] = storage.list_records()
    assert (kept.scope, kept.metadata) == ("/b", {"n": 2})
    assert kept.embedding == pytest.approx(vector("Tea"))


def test_an_update_that_names_neither_leaves_source_and_privacy(
    storage: CommonplaceStorage, memory: Memory
) -> None:
    record = MemoryRecord(content="Tea", source="alice", private=True)
    storage.save([record])

    storage.update(MemoryRecord(id=record.id, content="Green tea"))

    [kept] = storage.list_records()
    assert (kept.content, kept.source, kept.private) == ("Green tea", "alice", True)
    assert memory.records()[0].updated_at is not None


def test_an_update_leaves_what_crewai_does_not_know(
    storage: CommonplaceStorage, memory: Memory
) -> None:
    source = Source(framework="autogen", agent="Bo", origin="user")
    said = memory.scope("team").remember("Tea", kind="preference", source=source, ttl="90d")

    storage.update(MemoryRecord(id=said.id, content="Green tea"))

    kept = memory.records()[0]
    assert (kept.text, kept.kind, kept.source) == ("Green tea", "preference", source)
    assert kept.expires_at == said.expires_at


def test_an_update_that_cannot_be_kept_destroys_nothing(storage: CommonplaceStorage) -> None:
    record = MemoryRecord(content="Tea")
    storage.save([record])

    with pytest.raises(TypeError, match="not JSON serializable"):
        storage.update(record.model_copy(update={"metadata": {"when": datetime.now()}}))  # noqa: DTZ005
    assert storage.list_records()[0].content == "Tea"


def test_an_update_of_an_unknown_record_stores_it(storage: CommonplaceStorage) -> None:
    storage.update(MemoryRecord(content="Tea"))

    assert storage.count() == 1


def test_records_are_listed_newest_first_in_pages(storage: CommonplaceStorage) -> None:
    start = datetime(2025, 1, 1)  # noqa: DTZ001
    times = [start + timedelta(days=day) for day in (3, 1, 2)]
    storage.save([MemoryRecord(content=f"{time:%d}", created_at=time) for time in times])

    assert [one.content for one in storage.list_records()] == ["04", "03", "02"]
    assert [one.content for one in storage.list_records(limit=1, offset=1)] == ["03"]
    assert storage.list_records(limit=0) == storage.list_records(offset=-1) == []


def test_filters_of_delete_must_all_hold(storage: CommonplaceStorage) -> None:
    old = datetime(2020, 1, 1)  # noqa: DTZ001
    kept = MemoryRecord(content="new", scope="/a", categories=["x"], metadata={"n": 1})
    gone = kept.model_copy(update={"id": "gone", "content": "old", "created_at": old})
    storage.save([kept, gone])
    cut = old + timedelta(microseconds=1)

    assert storage.delete("/a", ["x"], [kept.id, "gone"], old, {"n": 1}) == 0
    assert storage.delete("/a", ["x"], [kept.id, "gone"], cut, {"n": 1}) == 1
    assert storage.delete(record_ids=[]) == 0
    assert [one.content for one in storage.list_records()] == ["new"]


def test_scopes_and_categories_are_listed(storage: CommonplaceStorage) -> None:
    early, late = datetime(2025, 1, 1), datetime(2025, 2, 1)  # noqa: DTZ001
    storage.save(
        [
            MemoryRecord(content="1", scope="/a/b/c", categories=["x"], created_at=early),
            MemoryRecord(content="2", scope="/a/d", categories=["x", "y"], created_at=late),
            MemoryRecord(content="3", scope="/e"),
        ]
    )

    assert storage.list_scopes() == ["/a", "/e"]
    assert storage.list_scopes("/a/") == ["/a/b", "/a/d"]
    assert storage.list_scopes("/e") == storage.list_scopes("/nowhere") == []
    assert storage.list_categories() == {"x": 2, "y": 1}
    info = storage.get_scope_info("/a")
    assert (info.path, info.record_count, info.categories) == ("/a", 2, ["x", "y"])
    assert (info.oldest_record, info.newest_record) == (early, late)
    assert info.child_scopes == ["/a/b", "/a/d"]
    assert storage.get_scope_info("/nowhere").oldest_record is None


def test_a_recall_is_an_access_seen_at_once_and_kept(open_memory: Callable[..., Memory]) -> None:
    early = datetime(2025, 1, 1)  # noqa: DTZ001
    record = MemoryRecord(content="Tea", created_at=early, last_accessed=early)
    memory = open_memory()
    storage = CommonplaceStorage(memory)
    storage.save([record])

    storage.touch_records([record.id, "unknown"])
    storage.close()

    [kept] = storage.list_records()
    assert kept.last_accessed > early
    assert memory.count() == 1


def test_a_record_that_was_used_elsewhere_was_accessed_then() -> None:
    used = datetime(2026, 1, 1, tzinfo=timezone.utc)
    record = Record("Tea", created_at=datetime(2025, 1, 1, tzinfo=timezone.utc), used_at=used)

    assert to_memory_record(record, Scope(), None, used).last_accessed == naive(used)


async def test_the_async_methods_do_as_the_others(storage: CommonplaceStorage) -> None:
    await storage.asave([MemoryRecord(content="Tea")])

    assert len(await storage.asearch(vector("Tea"), min_score=0.9)) == 1
    assert await storage.adelete("/") == 1


def test_a_copy_is_the_same_storage(storage: CommonplaceStorage) -> None:
    assert copy.deepcopy(storage) is storage


def test_without_a_model_the_result_of_a_run_is_kept_as_it_is() -> None:
    content = "Task: t\nAgent: a\nExpected result: e\nResult: Thought: hm\nFinal Answer: 42\nor so"

    assert extract_memories_from_content(content, WithoutModel()) == ["42\nor so"]
    assert statements("Input: hi\nAgent: a\nResult: Ann\nResult: Bo") == ["Ann\nResult: Bo"]
    assert statements("Task: t\nAgent: a\nResult: Final Answer: Ann") == ["Ann"]
    assert statements("Said by hand") == ["Said by hand"]
    assert statements("Task: t\nAgent: a\nResult:  ") == []


def test_without_a_model_nothing_is_invented_nor_rewritten() -> None:
    filed = analyze_for_save("Tea", ["/a"], ["x"], WithoutModel())
    plan = analyze_for_consolidation("Tea", [MemoryRecord(content="tea")], WithoutModel())

    assert (filed.suggested_scope, filed.categories, filed.importance) == ("/", [], 0.5)
    assert (plan.actions, plan.insert_new) == ([], True)
    assert analyze_query("Tea?", ["/a"], None, WithoutModel()).suggested_scopes == []
    assert WithoutModel().call([{"role": "user", "content": "Tea?"}]) == ""


def test_a_memory_is_searched_by_vector_in_what_it_reads(memory: Memory) -> None:
    handbook = memory.scope("handbook")
    refunds = handbook.remember("Refunds take five days")
    desk = memory.scope("desk").including(handbook)
    query = embedded(memory, ["refunds take five days"])[0]

    [(entry, cosine)] = nearest(desk, (query * 3).tolist(), Selection(), 5)
    assert (entry.record, round(cosine, 3)) == (refunds, 1.0)
    assert nearest(own(desk), query.tolist(), Selection(), 5) == []
    assert nearest(desk, query.tolist(), Selection(("event",)), 5) == []
    assert nearest(desk, [0.0] * 256, Selection(), 5)[0][1] == 0.0
    assert desk.path == Scope(("desk",))


def test_records_are_found_with_their_vectors_and_discarded_exactly(memory: Memory) -> None:
    one, other = memory.scope("a"), memory.scope("a", "b")
    one.remember_many([Record("Tea", id="same")])
    other.remember_many([Record("Milk", id="same")])

    assert entries(one, []) == []
    assert {entry.record.text for entry in entries(one, ["same"])} == {"Tea", "Milk"}
    assert discard(other, one.records()) == 1
    assert [record.text for record in memory.records()] == ["Tea"]
