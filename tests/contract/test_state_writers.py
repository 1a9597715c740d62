"""Nothing but one function writes the state of a delivery: read off the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import newsletter

STORE = Path(newsletter.__file__).parent / "store"


def writers(tree: ast.AST) -> Iterator[str]:
    """Yield each function that changes or makes rows of deliveries and names their state."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        changes = any(
            isinstance(node, ast.Call)
            and ast.unparse(node.func).rpartition(".")[2] in {"insert", "update"}
            and "deliveries" in ast.unparse(node).partition(".values")[0]
            for node in ast.walk(function)
        )
        names_state = any(
            (isinstance(node, ast.keyword) and node.arg == "state")
            or (isinstance(node, ast.Dict) and any(is_state(key) for key in node.keys))
            for node in ast.walk(function)
        )
        if changes and names_state:
            yield function.name


def is_state(key: ast.expr | None) -> bool:
    return key is not None and (
        (isinstance(key, ast.Constant) and key.value == "state")
        or ast.unparse(key).endswith("deliveries.c.state")
    )


def test_states_are_written_in_one_place_and_made_in_another() -> None:
    found = {
        (path.relative_to(STORE.parent).as_posix(), name)
        for path in STORE.parent.rglob("*.py")
        if "migrations" not in path.parts
        # The words without which none is found; to read every file takes long.
        if {"deliveries", "state"} <= set(re.findall(r"deliveries|state", text := path.read_text("utf-8")))
        for name in writers(ast.parse(text))
    }
    assert found == {("store/steps.py", "held_step"), ("store/audience.py", "queue_deliveries")}


@pytest.mark.parametrize(
    "code",
    [
        "update(_deliveries).where(x).values(state='queued')",
        "connection.execute(update(tables.deliveries).values({'state': s, 'due_at': None}))",
        "tables.deliveries.update().values({_deliveries.c.state: 'failed'})",
        "insert(_deliveries).values(edition_id=1, state='queued')",
    ],
)
def test_another_writer_would_be_found(code: str) -> None:
    assert list(writers(ast.parse(f"def sneak(connection):\n    {code}"))) == ["sneak"]
