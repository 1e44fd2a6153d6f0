"""What a picture costs, by the rule that OpenAI publishes for its models. Pure."""

from __future__ import annotations

import base64
import binascii
import math
import struct
from collections.abc import Mapping
from typing import Any

# Base and tile of the models that cut a picture into tiles of 512 pixels.
_TILES = {
    "gpt-4o-mini": (2833, 5667),
    "gpt-4o": (85, 170),
    "gpt-4.1": (85, 170),
    "gpt-4.5": (85, 170),
    "gpt-5": (70, 140),
    "o1": (75, 150),
    "o3": (75, 150),
    "computer-use": (65, 129),
}
# Tokens for each patch of 32 pixels, of at most 1,536 patches.
_PATCHES = {
    "gpt-4.1-mini": 1.62,
    "gpt-4.1-nano": 2.46,
    "gpt-5-mini": 1.62,
    "gpt-5-nano": 2.46,
    "o4-mini": 1.72,
}
_MAX_PATCHES = 1536
_LARGEST = (2048, 768)
_HEADER = 65_536


def image_tokens(image: Mapping[str, Any], model: str | None) -> int:
    """Return how many tokens a picture takes: of one whose size is not known, the most.

    Of a model that is not known, the most that a known one takes, but for gpt-4o-mini, which
    alone charges up to 48,169.

    >>> image_tokens({"url": "https://example.org/a.png", "detail": "low"}, "gpt-4o")
    85
    """
    size = _size(str(image.get("url") or ""))
    is_low = image.get("detail") == "low"
    name = _longest(model or "", [*_TILES, *_PATCHES])
    if name is None:
        tiles = max(_tiled(size, rule, is_low) for key, rule in _TILES.items() if "4o-m" not in key)
        return max(tiles, _patched(size, max(_PATCHES.values())))
    if name in _PATCHES:
        return _patched(size, _PATCHES[name])
    return _tiled(size, _TILES[name], is_low)


def _longest(model: str, names: list[str]) -> str | None:
    fitting = [name for name in names if model.startswith(name)]
    return max(fitting, key=len) if fitting else None


def _tiled(size: tuple[int, int] | None, rule: tuple[int, int], is_low: bool) -> int:  # noqa: FBT001
    base, tile = rule
    if is_low:
        return base
    width, height = size or _LARGEST
    shrink = min(1.0, 2048 / max(width, height))
    shrink *= min(1.0, 768 / (min(width, height) * shrink))
    sides = (round(side * shrink) for side in (width, height))
    return base + tile * math.prod(math.ceil(side / 512) for side in sides)


def _patched(size: tuple[int, int] | None, factor: float) -> int:
    patches = _MAX_PATCHES
    if size is not None:
        patches = min(_MAX_PATCHES, math.prod(math.ceil(side / 32) for side in size))
    return math.ceil(patches * factor)


def _size(url: str) -> tuple[int, int] | None:
    """Return width and height of a PNG, GIF or JPEG in a data URL, if its header tells."""
    head, _, data = url[: _HEADER * 2].partition(";base64,")
    if not head.startswith("data:image/"):
        return None
    try:
        start = base64.b64decode(data[: _HEADER - _HEADER % 4])
        if start[:8] == b"\x89PNG\r\n\x1a\n":
            size = struct.unpack(">II", start[16:24])
        elif start[:4] == b"GIF8":
            size = struct.unpack("<HH", start[6:10])
        else:
            size = _jpeg_size(start)
    except (binascii.Error, struct.error, IndexError):
        return None
    return (size[0], size[1]) if min(size) > 0 else None


def _jpeg_size(start: bytes) -> tuple[int, int]:
    at = 2 if start[:2] == b"\xff\xd8" else len(start)
    while True:
        marker, length = struct.unpack(">xBH", start[at : at + 4])
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", start[at + 5 : at + 9])
            return width, height
        at += 2 + length
