"""The shapes that embedders have elsewhere: each told apart, and given a name and two ways in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

from commonplace.embedding.awaiting import result_of

# Under these the frameworks' embedders keep the name of their model.
MODEL_ATTRIBUTES = ("model", "model_name", "model_id", "deployment")


@dataclass(frozen=True, slots=True)
class Shape:
    """A name, and how a list of texts is embedded. What is called may return an awaitable."""

    name: str
    documents: Callable[[list[str]], Any]
    queries: Callable[[list[str]], Any]
    windows: Callable[[str], list[str]] | None = None


def shape_of(thing: Any) -> Shape | None:
    """Return the shape of an embedder, or None if it has none of them."""
    for methods, shape in _BY_METHODS.items():
        if all(callable(getattr(thing, method, None)) for method in methods):
            return shape(thing)
    return Shape(_qualified_name(thing), thing, thing) if callable(thing) else None


def _of_langchain(thing: Any) -> Shape:
    """Take an object of this library's protocol, or of LangChain's, which has no name."""
    name = getattr(thing, "name", None)
    if not isinstance(name, str) or not name:
        name = _named("langchain", thing)
    documents = _either(thing, "embed_documents")
    query = _either(thing, "embed_query")
    windows = getattr(thing, "windows", None)
    return Shape(name, documents, partial(_one_by_one, query), windows)


def _of_llama_index(thing: Any) -> Shape:
    query = _either(thing, "get_query_embedding")
    return Shape(
        _named("llama-index", thing),
        _either(thing, "get_text_embedding_batch"),
        partial(_one_by_one, query),
    )


def _of_fastembed(thing: Any) -> Shape:
    return Shape(_named("fastembed", thing), thing.passage_embed, thing.query_embed)


def _of_sentence_transformers(thing: Any) -> Shape:
    """Take what encodes, in windows if it says how much of a text it reads: it cuts the rest."""
    model = _first_text([getattr(getattr(thing, "model_card_data", None), "base_model", None)])
    name = f"sentence-transformers:{model}" if model else _named("sentence-transformers", thing)
    from commonplace.embedding import estimating  # which the default model does not need

    reads = getattr(thing, "max_seq_length", None)
    return Shape(
        name,
        getattr(thing, "encode_document", thing.encode),
        getattr(thing, "encode_query", thing.encode),
        partial(estimating.split, tokens=reads) if isinstance(reads, int) and reads > 0 else None,
    )


def _of_chroma(thing: Any) -> Shape:
    """Take a Chroma embedding function; one of the older kind has neither name nor settings."""
    name = thing.name()
    if not isinstance(name, str):
        name = type(thing).__qualname__
    settings = thing.get_config() if hasattr(thing, "get_config") else None
    model = None
    if isinstance(settings, Mapping):
        model = _first_text(settings.get(attribute) for attribute in MODEL_ATTRIBUTES)
    embed_query = getattr(thing, "embed_query", thing)
    return Shape(
        _joined(f"chroma:{name}", model),
        lambda texts: thing(input=texts),
        lambda texts: embed_query(input=texts),
    )


def _either(thing: Any, method: str) -> Callable[[Any], Any]:
    """Return a method, or its asynchronous form where it is not there or not implemented."""
    later: Callable[[Any], Any] = getattr(thing, f"a{method}", _not_there)
    plain: Callable[[Any], Any] = getattr(thing, method, _not_there)

    def called(given: Any) -> Any:
        try:
            return plain(given)
        except NotImplementedError:
            return later(given)

    return called


def _not_there(_: Any) -> NoReturn:
    raise NotImplementedError


def _one_by_one(embed: Callable[[str], Any], texts: list[str]) -> list[Any]:
    return [settled(embed(text)) for text in texts]


def settled(returned: Any) -> Any:
    """Return what a call gave, waited for if it is awaitable."""
    return result_of(returned) if hasattr(returned, "__await__") else returned


def _named(family: str, thing: Any) -> str:
    model = _first_text(getattr(thing, attribute, None) for attribute in MODEL_ATTRIBUTES)
    return _joined(f"{family}:{type(thing).__qualname__}", model)


def _first_text(values: Iterable[object]) -> str | None:
    return next((value for value in values if isinstance(value, str) and value), None)


def _joined(name: str, model: str | None) -> str:
    return f"{name}/{model}" if model else name


def _qualified_name(thing: object) -> str:
    """Return where `thing` is defined; for an object that can be called, where its class is."""
    named = thing if hasattr(thing, "__qualname__") else type(thing)
    return f"{named.__module__}.{named.__qualname__}"


# Most can be called as well, for something else: so what is merely called comes last.
_BY_METHODS: dict[tuple[str, ...], Callable[[Any], Shape]] = {
    ("embed_documents", "embed_query"): _of_langchain,
    ("aembed_documents", "aembed_query"): _of_langchain,
    ("get_text_embedding_batch", "get_query_embedding"): _of_llama_index,
    ("passage_embed", "query_embed"): _of_fastembed,
    ("encode",): _of_sentence_transformers,
    ("name", "__call__"): _of_chroma,
}
