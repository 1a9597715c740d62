"""Shapes to JSON and back, for the columns that hold a whole frozen thing."""

from typing import TypeVar

from pydantic import TypeAdapter

Shape = TypeVar("Shape")


def to_json(value: object) -> str:
    """Return a frozen dataclass as JSON text."""
    return TypeAdapter(type(value)).dump_json(value).decode("utf-8")


def from_json(shape: type[Shape], content: str) -> Shape:
    """Read what `to_json` wrote.

    Raises:
        ValueError: The text is not JSON of that shape.
    """
    adapter: TypeAdapter[Shape] = TypeAdapter(shape)
    return adapter.validate_json(content)
