"""Nothing outside a memory's scope is ever returned, listed, counted or changed."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import commonplace
from by_turns import two_servers
from chroma_server import TWO_SERVERS, client_of_new_database
from commonplace import Memory, RecordNotFoundError, Scope
from commonplace.testing import HashingEmbedder
from commonplace.values.records import new_id

HOSTILE = [
    "a/b", "..", ".", "1", "10", "user", "user/1", "%", "%2F", "%25", "'", '"', "' OR 1=1 --",
    "$and", "*", "?", "_", " ", "a ", "A", "a", "ä", "a\u0308", "名前", "👩‍👩‍👧", "\u202e", "\x00",
    "\n", "\x1f", "x" * 256, "value", "/", "//", "{}", "a" * 255 + "b",
]  # fmt: skip

names = st.one_of(
    st.sampled_from(HOSTILE), st.text(min_size=1, max_size=256).filter(lambda s: s.isprintable())
)
paths = st.lists(names, min_size=1, max_size=4).map(tuple)


@pytest.fixture(scope="module", params=["in memory", "chroma", TWO_SERVERS])
def root(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Memory]:
    where: str | Path = ":memory:"
    if request.param == "two servers":
        client = client_of_new_database(request.getfixturevalue("chroma_port"))
        with two_servers(client) as opened:
            yield opened(HashingEmbedder())
        return
    if request.param == "chroma":
        where = tmp_path_factory.mktemp("isolation")
    with commonplace.open(where, embedder=HashingEmbedder(64)) as memory:
        yield memory


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(mine=paths, other=paths)
def test_no_verb_crosses_a_scope(
    root: Memory, mine: tuple[str, ...], other: tuple[str, ...]
) -> None:
    assume(not Scope(mine).contains(Scope(other)))
    here = root.scope("example", new_id())
    me, they = here.scope(mine), here.scope(other)
    theirs = they.remember("the same words", metadata={"a": 1})
    they.set("key", "theirs")
    before = _seen_by(they, theirs.id)

    own = me.remember("the same words", metadata={"a": 1})
    me.set("key", "mine")

    _assert_only(me, own.id)
    _assert_refused(me, theirs.id)
    assert me.delete("key")
    assert me.forget(own.id) == 1
    assert me.count() == 0
    assert _seen_by(they, theirs.id) == before


def _seen_by(memory: Memory, id: str) -> object:
    exact = [one for one in memory.records() if one.id == id or one.key == "key"]
    return sorted(exact, key=lambda one: one.id), memory.get("key"), memory.record(id)


def _assert_only(memory: Memory, id: str) -> None:
    values = [one.id for one in memory.records(kind="value")]
    assert {one.id for one in memory.records()} == {id, *values}
    assert {match.record.id for match in memory.recall("the same words", limit=50)} == {id, *values}
    assert memory.count() == 2
    assert memory.stats().records == 2
    assert memory.get("key") == "mine"
    assert memory.keys() == ["key"]


def _assert_refused(memory: Memory, id: str) -> None:
    attempts: list[Callable[[], object]] = [
        lambda: memory.record(id),
        lambda: memory.update(id, text="changed"),
        lambda: memory.forget(id),
    ]
    for attempt in attempts:
        with pytest.raises(RecordNotFoundError):
            attempt()


@pytest.mark.two_servers
@pytest.mark.parametrize(("one", "two"), [("1", "10"), ("a", "a/b"), ("..", "."), ("A", "a")])
def test_names_that_begin_alike_are_different_users(memory: Memory, one: str, two: str) -> None:
    memory.scope("user", one).remember("secret of one")

    assert memory.scope("user", two).recall("secret") == []
    assert memory.scope("user", two).count() == 0


@pytest.mark.two_servers
def test_a_scope_named_by_several_names_takes_them_as_they_are(memory: Memory) -> None:
    memory.scope("user", "a", "b").remember("of b, below a")

    assert memory.scope("user", "a/b").count() == 0
    assert memory.scope("user/a/b").count() == 1


@pytest.mark.two_servers
def test_a_wider_memory_sees_what_lies_below_it(memory: Memory) -> None:
    memory.scope("user", "alice", "session", "1").remember("deep")

    assert memory.scope("user").recall("deep")[0].record.text == "deep"
    assert memory.recall("deep")[0].record.text == "deep"


@pytest.mark.two_servers
def test_including_reads_neighbours_and_never_writes_to_them(memory: Memory) -> None:
    alice, handbook = memory.scope("user", "alice"), memory.scope("team", "handbook")
    rule = handbook.remember("Refunds take five days")
    handbook.set("currency", "EUR")
    desk = alice.including(handbook)

    desk.remember("Asked about refunds")

    assert desk.count() == 3
    assert desk.record(rule.id) == rule
    assert desk.get("currency") == "EUR"
    assert desk.keys() == ["currency"]
    assert not desk.delete("currency")
    for attempt in (lambda: desk.forget(rule.id), lambda: desk.update(rule.id, text="changed")):
        with pytest.raises(RecordNotFoundError):
            attempt()
    assert handbook.count() == 2
    assert handbook.record(rule.id) == rule
    assert alice.count() == 1


@pytest.mark.two_servers
def test_including_a_scope_twice_or_a_wider_one_gives_each_record_once(memory: Memory) -> None:
    team, member = memory.scope("team"), memory.scope("team", "handbook")
    member.remember("once")

    assert [one.text for one in member.including(team, member).records()] == ["once"]
    assert len(member.including(team).recall("once")) == 1


def test_including_takes_only_memories_of_the_same_store(
    memory: Memory, embedder: HashingEmbedder
) -> None:
    with (
        commonplace.open(":memory:", embedder=embedder) as stranger,
        pytest.raises(commonplace.InvalidInputError, match="same store"),
    ):
        memory.including(stranger)


@pytest.mark.parametrize("name", ["", None, 7, "\ud800", "x" * 1001])
def test_a_missing_or_unusable_name_is_refused(memory: Memory, name: object) -> None:
    with pytest.raises(commonplace.InvalidInputError):
        memory.scope("user", name)  # type: ignore[arg-type]  # the wrong type is the point


@pytest.mark.parametrize("written", ["", "a//b", "/a", "a/"])
def test_a_path_with_an_empty_name_is_refused(memory: Memory, written: str) -> None:
    with pytest.raises(commonplace.InvalidInputError):
        memory.scope(written)


@given(path=paths)
def test_a_written_scope_is_read_back_as_it_was(path: tuple[str, ...]) -> None:
    assert Scope.parse(str(Scope(path))) == Scope(path)


def test_a_copy_of_a_memory_is_that_memory(memory: Memory) -> None:
    alice = memory.scope("user", "alice")

    assert copy.copy(alice) is alice
    assert copy.deepcopy({"memory": alice})["memory"] is alice
    assert alice.path == Scope(("user", "alice"))
