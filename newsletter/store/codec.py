"""Shapes to JSON and back, for the columns that hold a whole frozen thing."""

from typing import Any, TypeVar

Shape = TypeVar("Shape")

_ADAPTERS: dict[type, Any] = {}


def to_json(value: object) -> str:
    """Return a frozen dataclass as JSON text."""
    content: bytes = _adapter(type(value)).dump_json(value)
    return content.decode("utf-8")


def from_json(shape: type[Shape], content: str) -> Shape:
    """Read what `to_json` wrote.

    Raises:
        ValueError: The text is not JSON of that shape.
    """
    value: Shape = _adapter(shape).validate_json(content)
    return value


def _adapter(shape: type) -> Any:  # noqa: ANN401 - pydantic's TypeAdapter
    """Return what reads and writes a shape: making it takes forty times as long as using it."""
    if shape not in _ADAPTERS:
        # A process that only sends has no other use for it, and it takes long to import.
        from pydantic import TypeAdapter

        _ADAPTERS[shape] = TypeAdapter(shape)
    return _ADAPTERS[shape]
