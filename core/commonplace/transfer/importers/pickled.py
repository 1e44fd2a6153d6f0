"""The pickles beside AutoGen's Chroma directories, read without running what they say."""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Mapping
from pathlib import Path

from commonplace.errors import InvalidInputError
from commonplace.transfer.reading import MAX_DEPTH, MAX_ITEM_BYTES, opened

_MOST_PARTS = 1_000_000
_MOST_BITS = 10_000
_PLACES = ("PUT", "BINPUT", "LONG_BINPUT")


class _Plain(pickle.Unpickler):
    """Builds texts, numbers, tuples, dicts and memos, and nothing else."""

    def __init__(self, data: bytes) -> None:
        """Build what `data` says."""
        super().__init__(io.BytesIO(data))
        # It stands for the class of that name in AutoGen. A pickle can change it: so each has one.
        self.memo_class = type("Memo", (), {})

    def find_class(self, module_name: str, global_name: str) -> type:
        if global_name == "Memo":
            return self.memo_class
        raise pickle.UnpicklingError(f"it would run {module_name}.{global_name}")


def values_by_id(path: Path) -> Mapping[object, object]:
    """Return the dict in a pickle. Raises InvalidInputError if it holds anything else."""
    with opened(path) as file:
        data = file.read(MAX_ITEM_BYTES + 1)
    try:
        _check_places(data)
        plain = _Plain(data)
        value = plain.load()
        _check_unfolded(value, plain.memo_class)
    except Exception as error:  # a pickle can raise anything
        raise InvalidInputError(f"{str(path)!r} cannot be read as AutoGen's ({error}).") from error
    if not isinstance(value, dict) or len(data) > MAX_ITEM_BYTES:
        raise InvalidInputError(
            f"{str(path)!r} holds no dict of at most {MAX_ITEM_BYTES:,} bytes, as AutoGen's do."
        )
    return value


def _check_unfolded(value: object, memo_class: type) -> None:
    """Refuse what is small only because its parts are said once, and what contains itself."""
    waiting, parts, characters = [(value, 0)], 0, 0
    while waiting:
        one, depth = waiting.pop()
        parts += 1
        characters += len(one) if isinstance(one, (str, bytes, bytearray)) else 0
        is_long = isinstance(one, int) and one.bit_length() > _MOST_BITS
        if parts > _MOST_PARTS or characters > MAX_ITEM_BYTES or depth > MAX_DEPTH or is_long:
            raise ValueError("it unfolds to more than a memory can hold")
        waiting += [(part, depth + 1) for part in _parts(one, memo_class)]


def _parts(value: object, memo_class: type) -> list[object]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    if isinstance(value, (list, tuple, set, frozenset)):
        return list(value)
    return list(vars(value).values()) if type(value) is memo_class else []


def _check_places(data: bytes) -> None:
    """Refuse numbers of places beyond reason: the unpickler would make room for them."""
    for operation, argument, _ in pickletools.genops(data):
        if operation.name in _PLACES and int(argument or 0) > len(data):
            raise ValueError("it asks for more memory than its size")
