"""`help()` of a public name says what it takes, and shows it in use."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

import commonplace
from commonplace import AsyncMemory, Memory, errors
from commonplace.conversation import AsyncConversation, Conversation

ADAPTERS = ["autogen", "crewai", "langchain", "openai"]
# Each in an environment of its own, where .ci/frameworks runs this too.
ALONE = {"agent_framework": "agent_framework", "ag2": "ag2", "autogen_classic": "autogen"}
VERBS = [
    pytest.param(getattr(kind, name), id=f"{kind.__name__}.{name}")
    for kind in (Memory, AsyncMemory, Conversation)
    for name in dir(kind)
    if not name.startswith("_") and callable(getattr(kind, name))
]
VALUES = [
    getattr(commonplace, name)
    for name in commonplace.__all__
    if is_dataclass(getattr(commonplace, name))
]


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_has_an_example(verb: object) -> None:
    assert ">>> " in said(verb)


@pytest.mark.parametrize("verb", [*VERBS, commonplace.open])
def test_a_verb_says_what_each_argument_is(verb: Any) -> None:
    assert undescribed(verb, said(verb)) == []


@pytest.mark.parametrize("value", VALUES)
def test_a_value_says_what_each_field_is(value: Any) -> None:
    assert [one.name for one in fields(value) if f"{one.name}: " not in said(value)] == []
    assert ">>> " in said(value)


@pytest.mark.parametrize("name", [*ADAPTERS, *ALONE])
@pytest.mark.filterwarnings("ignore")  # the frameworks' own, as each adapter's tests name them
def test_what_an_adapter_gives_has_an_example_and_says_what_it_takes(name: str) -> None:
    if name in ALONE:
        pytest.importorskip(ALONE[name], reason="it has an environment of its own: .ci/frameworks")
    adapter = importlib.import_module(f"commonplace_{name}")

    for public in adapter.__all__:
        given = getattr(adapter, public)
        told = said(given) + (said(given.__init__) if inspect.isclass(given) else "")
        assert ">>> " in told, public
        assert undescribed(given, told) == [], public


def test_an_error_says_what_happened() -> None:
    assert all(len(said(one).split()) >= 5 for one in vars(errors).values() if _is_error(one))


@pytest.mark.parametrize("name", ["commonplace", *(f"commonplace_{one}" for one in ADAPTERS)])
@pytest.mark.filterwarnings("ignore")  # as above
def test_the_first_line_is_one_sentence(name: str) -> None:
    module = importlib.import_module(name)

    for public in module.__all__:
        first, _, rest = said(getattr(module, public)).partition("\n")
        assert first.endswith("."), public
        assert not rest or rest.startswith("\n"), public


def test_awaited_conversations_have_the_verbs_of_conversations() -> None:
    verbs = {name for name in dir(Conversation) if not name.startswith("_")}

    assert verbs - set(dir(AsyncConversation)) == set()


def said(thing: object) -> str:
    return inspect.getdoc(thing) or ""


def undescribed(thing: Any, told: str) -> list[str]:
    return [name for name in taken(thing) if not re.search(rf"\b{name}: |`{name}`", told)]


def taken(thing: Any) -> Iterator[str]:
    """Yield the arguments of ours: a framework's class describes its own."""
    if inspect.isclass(thing) and "__init__" not in vars(thing) and not is_dataclass(thing):
        return
    for one in inspect.signature(thing).parameters.values():
        if one.name != "self" and one.kind is not inspect.Parameter.VAR_KEYWORD:
            yield one.name


def _is_error(thing: object) -> bool:
    return isinstance(thing, type) and issubclass(thing, Exception)
