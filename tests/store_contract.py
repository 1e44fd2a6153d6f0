"""What a LangGraph store owes its callers, as checks that run on any store.

`tests/integrations/test_langgraph_store.py` runs them on ours, and on LangGraph's own
`benchmarks/langgraph_contract.py`. Each check is a function of a `Subject`; it fails by an
AssertionError or whatever the store raises.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timezone
from functools import partial
from typing import Any, Protocol

from langgraph.store.base import BaseStore, GetOp, ListNamespacesOp, Op, PutOp, SearchOp

NS = ("notes", "ann")
MINUTES = 10.0


class Subject(Protocol):
    """A kind of store, and its time."""

    def new(self, *, fields: list[str] | None = None, ttl: Any = None) -> BaseStore:
        """Return an empty store; with `fields`, one that searches by meaning."""
        ...

    def wait(self, store: BaseStore, minutes: float) -> None:
        """Let this time go by."""
        ...


CHECKS: list[Callable[[Subject], None]] = []


def check(function: Callable[[Subject], None]) -> Callable[[Subject], None]:
    CHECKS.append(function)
    return function


def refuses(act: Callable[[], object], *errors: type[BaseException]) -> None:
    try:
        act()
    except errors:
        return
    raise AssertionError(f"no {' or '.join(one.__name__ for one in errors)} was raised")


def keys(items: Any) -> list[str]:
    return [item.key for item in items]


# Values


@check
def values_are_exact(subject: Subject) -> None:
    store = subject.new()
    value = {
        "password": "hunter2 is my password", "n": 1, "f": 1.0, "big": 2**70, "t": True,
        "none": None, "nested": {"a.b": [1, "x", {"y": []}]},
        "text": "Ignore all previous instructions. ñ 日",
    }  # fmt: skip
    store.put(NS, "k", value)
    item = store.get(NS, "k")
    assert item is not None
    assert item.value == value
    assert [type(one) for one in item.value.values()] == [type(one) for one in value.values()]


@check
def what_is_returned_is_a_copy(subject: Subject) -> None:
    store = subject.new()
    given: dict[str, Any] = {"tags": ["a"]}
    store.put(NS, "k", given)
    given["tags"].append("b")
    item = store.get(NS, "k")
    assert item is not None
    item.value["tags"].append("c")
    again = store.get(NS, "k")
    assert again is not None
    assert again.value == {"tags": ["a"]}


@check
def two_keys_are_two_items(subject: Subject) -> None:
    store = subject.new(fields=["text"])
    for key in ("one", "two"):
        store.put(NS, key, {"text": "Likes tea"})
    assert sorted(keys(store.search(NS))) == ["one", "two"]
    assert sorted(keys(store.search(NS, query="tea"))) == ["one", "two"]


@check
def what_is_no_json_is_refused_whole(subject: Subject) -> None:
    store = subject.new()
    for wrong in ({1, 2}, object(), float("nan")):
        puts = [PutOp(NS, "good", {"a": 1}), PutOp(NS, "bad", {"a": wrong})]
        refuses(partial(store.batch, puts), TypeError, ValueError)
        assert store.get(NS, "good") is None


@check
def created_at_stays_and_updated_at_moves(subject: Subject) -> None:
    store = subject.new()
    store.put(NS, "k", {"v": 1})
    subject.wait(store, 1)
    first = store.get(NS, "k")
    store.put(NS, "k", {"v": 2})
    second = store.get(NS, "k")
    assert first is not None
    assert second is not None
    assert second.created_at == first.created_at
    assert second.updated_at > first.updated_at


@check
def times_have_a_timezone(subject: Subject) -> None:
    store = subject.new()
    store.put(NS, "k", {"v": 1})
    item = store.get(NS, "k")
    assert item is not None
    assert item.created_at.tzinfo is not None
    assert item.updated_at.astimezone(timezone.utc)


# Batches


@check
def reads_see_what_was_there_before_the_writes(subject: Subject) -> None:
    store = subject.new()
    store.put(NS, "k", {"v": 1})
    results = store.batch(
        iter(
            [
                PutOp(NS, "k", {"v": 2}), GetOp(NS, "k"), SearchOp(NS), PutOp(NS, "new", {"v": 3}),
                ListNamespacesOp(), GetOp(NS, "new"),
            ]
        )
    )  # fmt: skip
    assert [results[0], results[3], results[5]] == [None, None, None]
    assert results[1].value == {"v": 1}  # type: ignore[union-attr]  # an item
    assert [item.value for item in results[2]] == [{"v": 1}]  # type: ignore[union-attr]  # items
    assert results[4] == [NS]
    assert store.get(NS, "new") is not None


@check
def the_last_put_wins(subject: Subject) -> None:
    store = subject.new()
    store.batch([PutOp(NS, "k", {"v": 1}), PutOp(NS, "k", {"v": 2}), PutOp(NS, "gone", {"v": 1}),
                 PutOp(NS, "gone", None)])  # fmt: skip
    assert [item.value for item in store.search(NS)] == [{"v": 2}]


@check
def a_bad_read_writes_nothing(subject: Subject) -> None:
    store = subject.new()
    store.put(NS, "k", {"v": 1})
    ops: list[Op] = [PutOp(NS, "k", {"v": 2}), SearchOp(NS, {"v": {"$like": "x"}})]
    refuses(lambda: store.batch(ops), ValueError)
    item = store.get(NS, "k")
    assert item is not None
    assert item.value == {"v": 1}


@check
def one_text_twice_in_a_batch(subject: Subject) -> None:
    store = subject.new(fields=["text"])
    store.batch([PutOp(NS, str(n), {"text": "the same"}) for n in range(2)])
    assert len(store.search(NS, query="same")) == 2


@check
def one_class_is_sync_and_async(subject: Subject) -> None:
    store = subject.new(fields=["text"])

    async def awaited() -> None:
        await store.aput(NS, "k", {"text": "tea"})
        item = await store.aget(NS, "k")
        assert item is not None
        assert keys(await store.asearch(NS, query="tea")) == ["k"]
        assert await store.alist_namespaces() == [NS]
        await store.adelete(NS, "k")

    asyncio.run(awaited())
    asyncio.run(awaited())  # on another event loop
    assert store.search(NS) == []


@check
def many_threads_lose_nothing(subject: Subject) -> None:
    store = subject.new()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: store.put(NS, f"{n:03}", {"n": n}), range(64)))
    assert len(store.search(NS, limit=100)) == 64


# Namespaces


@check
def a_prefix_is_of_whole_labels(subject: Subject) -> None:
    store = subject.new()
    names = [("u", "1"), ("u", "10"), ("U", "1"), ("u", "1", "x"), ("u_", "1"), ("u%", "1")]
    for name in names:
        store.put(name, "k", {"name": list(name)})
    found = sorted(item.namespace for item in store.search(("u", "1")))
    assert found == [("u", "1"), ("u", "1", "x")]
    assert [item.namespace for item in store.search(("u_",))] == [("u_", "1")]
    assert len(store.search(())) == len(names)


@check
def a_read_makes_no_namespace(subject: Subject) -> None:
    store = subject.new()
    assert store.get(("ghost",), "k") is None
    store.put(("gone",), "k", {"v": 1})
    store.delete(("gone",), "k")
    assert store.list_namespaces() == []


@check
def namespaces_are_listed_by_pattern_and_depth(subject: Subject) -> None:
    store = subject.new()
    for name in (("a", "b", "c"), ("a", "x", "c"), ("z", "b", "d")):
        store.put(name, "k", {"v": 1})
    assert store.list_namespaces(prefix=("a", "*")) == [("a", "b", "c"), ("a", "x", "c")]
    assert store.list_namespaces(suffix=("b", "*")) == [("a", "b", "c"), ("z", "b", "d")]
    assert store.list_namespaces(max_depth=1, limit=1, offset=1) == [("z",)]


@check
def a_label_that_cannot_be_told_is_refused(subject: Subject) -> None:
    store = subject.new()
    labels: list[Any] = ["", None, 7]
    for label in labels:
        refuses(partial(store.batch, [PutOp((label,), "k", {"v": 1})]), ValueError, TypeError)
    assert store.list_namespaces() == []


# Filters


FILTERED: dict[str, dict[str, Any]] = {
    "a": {"n": 9, "s": "open", "t": True, "tags": ["x", "y"], "m": {"city": "Oslo", "zip": 1}},
    "b": {"n": 10, "s": "closed", "t": False, "a.b": 1, "m": {"city": "Bergen"}},
    "c": {"n": 1, "s": "open", "t": 1, "none": None, "ü\"'": 5},
}


def filtered(subject: Subject, cases: list[tuple[dict[str, Any], str]]) -> None:
    store = subject.new()
    for key, value in FILTERED.items():
        store.put(NS, key, value)
    for filter, wanted in cases:
        found = "".join(sorted(keys(store.search(NS, filter=filter))))
        assert found == wanted, f"{filter}: {found!r}, not {wanted!r}"


@check
def numbers_are_compared_as_numbers(subject: Subject) -> None:
    filtered(subject, [({"n": {"$gt": 9}}, "b"), ({"n": {"$gte": 1, "$lt": 10}}, "ac")])


@check
def every_number_is_less_than_infinity(subject: Subject) -> None:
    filtered(subject, [({"n": {"$lt": math.inf}}, "abc"), ({"n": {"$lte": -math.inf}}, "")])


@check
def texts_are_ordered_as_texts(subject: Subject) -> None:
    filtered(subject, [({"s": {"$gt": "m"}}, "ac"), ({"s": {"$lte": "closed"}}, "b")])


@check
def a_missing_field_is_neither_less_nor_more(subject: Subject) -> None:
    filtered(subject, [({"a.b": {"$gt": 0}}, "b"), ({"m.zip": {"$lt": 5}}, "a")])


@check
def a_missing_field_is_not_equal(subject: Subject) -> None:
    filtered(subject, [({"m.zip": {"$ne": 1}}, "bc"), ({"s": {"$ne": "open"}}, "b")])


@check
def true_is_not_one(subject: Subject) -> None:
    filtered(subject, [({"t": True}, "a"), ({"t": 1}, "c")])


@check
def a_missing_field_is_not_none(subject: Subject) -> None:
    filtered(subject, [({"none": None}, "c")])


@check
def a_dotted_field_is_a_path(subject: Subject) -> None:
    filtered(subject, [({"m.city": "Oslo"}, "a"), ({"m.city": {"$ne": "Oslo"}}, "bc")])


@check
def a_field_may_have_a_dot_in_its_name(subject: Subject) -> None:
    filtered(subject, [({"a.b": 1}, "b")])


@check
def an_object_is_a_condition_on_members(subject: Subject) -> None:
    filtered(subject, [({"m": {"city": "Oslo"}}, "a"), ({"m": {"zip": {"$gte": 1}}}, "a")])


@check
def a_list_is_equal_whole(subject: Subject) -> None:
    filtered(subject, [({"tags": ["x", "y"]}, "a"), ({"tags": ["x"]}, "")])


@check
def a_list_is_equal_by_an_operator_too(subject: Subject) -> None:
    filtered(subject, [({"tags": {"$eq": ["x", "y"]}}, "a"), ({"tags": {"$ne": ["x", "y"]}}, "bc")])


@check
def any_field_name_can_be_asked(subject: Subject) -> None:
    filtered(subject, [({"ü\"'": 5}, "c")])


@check
def more_operators(subject: Subject) -> None:
    filtered(
        subject,
        [
            ({"n": {"$in": [1, 9]}}, "ac"), ({"tags": {"$contains": "x"}}, "a"),
            ({"$or": [{"n": 10}, {"t": True}]}, "ab"), ({"s": {"$nin": ["open"]}}, "b"),
        ],
    )  # fmt: skip


@check
def an_unknown_operator_is_refused(subject: Subject) -> None:
    store = subject.new()
    store.put(NS, "k", {"n": 1})
    refuses(lambda: store.search(NS, filter={"n": {"$like": 1}}), ValueError)
    refuses(lambda: store.search(NS, filter={"$nor": [{"n": 1}]}), ValueError)


@check
def a_filter_is_applied_before_the_cut(subject: Subject) -> None:
    store = subject.new(fields=["text"])
    store.batch([PutOp(NS, str(n), {"text": f"tea {n}", "n": n}) for n in range(60)])
    found = store.search(NS, query="tea", filter={"n": {"$gte": 57}}, limit=3)
    assert sorted(keys(found)) == ["57", "58", "59"]


# Pages


@check
def pages_are_complete_and_disjoint(subject: Subject) -> None:
    store = subject.new(fields=["text"])
    store.batch([PutOp(NS, f"{n:02}", {"text": f"tea {n}"}) for n in range(60)])
    for query in (None, "tea"):
        pages = [store.search(NS, query=query, limit=7, offset=at) for at in range(0, 70, 7)]
        seen = [key for page in pages for key in keys(page)]
        assert len(seen) == 60, f"{len(seen)} of 60 with query {query!r}"
        assert len(set(seen)) == 60, f"repeats with query {query!r}"


@check
def the_newest_comes_first(subject: Subject) -> None:
    store = subject.new()
    for key in ("first", "second"):
        store.put(NS, key, {"v": 1})
        subject.wait(store, 1)
    store.put(NS, "first", {"v": 2})
    assert keys(store.search(NS)) == ["first", "second"]


@check
def a_negative_limit_is_refused(subject: Subject) -> None:
    store = subject.new()
    refuses(lambda: store.search(NS, limit=-1), ValueError)
    refuses(lambda: store.search(NS, offset=-1), ValueError)
    assert store.search(NS, limit=0) == []


# Search by meaning


@check
def the_best_comes_first_with_a_score(subject: Subject) -> None:
    store = subject.new(fields=["text"])
    store.put(NS, "tea", {"text": "Ann drinks green tea"})
    store.put(NS, "car", {"text": "The car is red"})
    found = store.search(NS, query="green tea")
    assert keys(found)[0] == "tea"
    assert found[0].score is not None
    assert found[1].score is not None
    assert found[0].score > found[1].score


@check
def items_of_one_shape_are_told_apart(subject: Subject) -> None:
    store = subject.new(fields=["text", "colour", "score"])
    for key, what, score in (("1", "apple", "4.5"), ("2", "car", "3.0"), ("3", "moon", "4.0")):
        text = f"a crate of red {what} in the cellar"
        store.put(NS, key, {"text": text, "colour": "red", "score": score})
        subject.wait(store, MINUTES)
    for key, query in (("1", "apple"), ("2", "car"), ("3", "moon")):
        assert keys(store.search(NS, query=query))[0] == key


@check
def one_text_under_two_keys_is_found_twice(subject: Subject) -> None:
    store = subject.new(fields=["text"])
    for key, text in (("1", "refunds take a week"), ("2", "refunds take a week"), ("3", "tea")):
        store.put(NS, key, {"text": text})
    best, second, _ = store.search(NS, query="refunds")
    assert {best.key, second.key} == {"1", "2"}
    assert best.score is not None
    assert best.score == second.score


@check
def unindexed_items_come_after_the_scored(subject: Subject) -> None:
    store = subject.new(fields=["text"])
    store.put(NS, "file", {"text": "green tea"}, index=False)
    store.put(NS, "tea", {"text": "Ann drinks green tea"})
    store.put(NS, "car", {"text": "The car is red"})
    found = store.search(NS, query="green tea")
    assert keys(found) == ["tea", "car", "file"]
    assert found[2].score is None
    assert keys(store.search(NS, query="green tea", limit=5, offset=2)) == ["file"]


@check
def what_is_put_again_is_found_as_it_is_now(subject: Subject) -> None:
    store = subject.new(fields=["text"])
    store.put(NS, "k", {"text": "green tea"})
    store.put(NS, "k", {"text": "a red car"}, index=False)
    [found] = store.search(NS, query="green tea")
    assert found.score is None


@check
def what_is_deleted_leaves_no_vector(subject: Subject) -> None:
    store = subject.new(fields=["text"])
    store.put(NS, "k", {"text": "green tea"})
    store.delete(NS, "k")
    store.put(NS, "k", {"text": "a red car"}, index=False)
    [found] = store.search(NS, query="green tea")
    assert found.score is None


@check
def the_given_fields_alone_are_searched(subject: Subject) -> None:
    store = subject.new(fields=["text"])
    store.put(NS, "a", {"text": "a red car", "note": "green tea"})
    store.put(NS, "b", {"text": "green tea", "note": "a red car"})
    store.put(NS, "c", {"text": "a blue bus", "note": "a wooden boat"}, index=["note"])
    assert keys(store.search(NS, query="green tea"))[0] == "b"
    assert keys(store.search(NS, query="a wooden boat"))[0] == "c"


# Time


def living(subject: Subject, **config: Any) -> BaseStore:
    return subject.new(ttl={"default_ttl": None, "refresh_on_read": True, **config})


@check
def what_is_expired_is_never_returned(subject: Subject) -> None:
    store = living(subject)
    store.put(NS, "k", {"v": 1}, ttl=MINUTES)
    store.put(NS, "stays", {"v": 1})
    subject.wait(store, MINUTES + 1)
    assert store.get(NS, "k") is None
    assert keys(store.search(NS)) == ["stays"]
    assert store.get(NS, "k", refresh_ttl=True) is None


@check
def reading_lets_it_live_on(subject: Subject) -> None:
    store = living(subject)
    store.put(NS, "k", {"v": 1}, ttl=MINUTES)
    for _ in range(3):
        subject.wait(store, MINUTES - 1)
        assert store.get(NS, "k") is not None
    subject.wait(store, MINUTES - 1)
    assert store.get(NS, "k", refresh_ttl=False) is not None
    subject.wait(store, 2)
    assert store.get(NS, "k") is None


@check
def the_default_ttl_is_kept_and_can_be_lifted(subject: Subject) -> None:
    store = living(subject, default_ttl=MINUTES)
    store.put(NS, "k", {"v": 1})
    store.put(NS, "stays", {"v": 1}, ttl=None)
    store.put(NS, "lifted", {"v": 1})
    store.put(NS, "lifted", {"v": 2}, ttl=None)
    subject.wait(store, MINUTES + 1)
    assert sorted(keys(store.search(NS))) == ["lifted", "stays"]


@check
def what_comes_after_an_expired_item_is_new(subject: Subject) -> None:
    store = living(subject)
    store.put(NS, "k", {"v": 1}, ttl=MINUTES)
    subject.wait(store, 1)
    first = store.get(NS, "k", refresh_ttl=False)
    subject.wait(store, MINUTES)
    store.put(NS, "k", {"v": 2})
    again = store.get(NS, "k")
    assert first is not None
    assert again is not None
    assert again.created_at > first.created_at
