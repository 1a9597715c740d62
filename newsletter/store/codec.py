"""Shapes to JSON and back, for the columns that hold a whole frozen thing."""

from typing import Any, TypeVar

from pydantic import TypeAdapter

Shape = TypeVar("Shape")

_ADAPTERS: dict[type, TypeAdapter[Any]] = {}


def to_json(value: object) -> str:
    """Return a frozen dataclass as JSON text."""
    return _adapter(type(value)).dump_json(value).decode("utf-8")


def from_json(shape: type[Shape], content: str) -> Shape:
    """Read what `to_json` wrote.

    Raises:
        ValueError: The text is not JSON of that shape.
    """
    value: Shape = _adapter(shape).validate_json(content)
    return value


def _adapter(shape: type) -> TypeAdapter[Any]:
    """Return what reads and writes a shape: making it takes forty times as long as using it."""
    if shape not in _ADAPTERS:
        _ADAPTERS[shape] = TypeAdapter(shape)
    return _ADAPTERS[shape]
