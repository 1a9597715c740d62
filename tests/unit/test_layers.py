"""The import rules of docs/architecture.md, read off the source."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "newsletter"
ROOMS = {"sources", "stories", "editions", "messages", "deliveries", "mailboxes", "engine", "store"}
VERBS = {
    *("archive", "ingest", "publish", "deliver", "operate", "subscribe", "status", "feedback", "keys"),
    *("gauges", "receive", "fetch", "admit", "places", "doctor", "alert", "backup", "overview", "move"),
}
#: The composition root.
ROOT = {"app", "bound", "wiring"}
FACES = {"cli", "web", "service", "__main__"}
#: One library, one door.
DOORS = {
    "apscheduler": {"newsletter.service"},
    "argon2": {"newsletter.admit.passwords"},
    "pyotp": {"newsletter.admit.codes"},
    "segno": {"newsletter.admit.squares"},
    "cryptography": {"newsletter.messages.dkim_keys"},
    "dns": {"newsletter.doctor.dns"},
    "tld": {"newsletter.doctor.domains"},
    "sumy": {"newsletter.stories.sumy"},
    "aiosmtplib": {"newsletter.deliveries.smtp"},
    "jinja2": {"newsletter.messages", "newsletter.web"},
    "sqlalchemy": {"newsletter.store"},
    "alembic": {"newsletter.store"},
    "procrastinate": {"newsletter.engine.cluster"},
    "starlette": {"newsletter.web"},
    "uvicorn": {"newsletter.web"},
    "prometheus_client": {"newsletter.web.metrics"},
    "flufl": {"newsletter.deliveries.notices"},
    "courlan": {"newsletter.sources.addresses"},
    "watchfiles": {"newsletter.sources.watch"},
    "lxml": {"newsletter.sources.formats"},
    "trafilatura": {"newsletter.sources.formats.htmlbody"},
    "httpx": {
        "newsletter.stories.rewriting.language_model",
        "newsletter.sources.web",
        "newsletter.deliveries.webhooks",
    },
    "markdown_it": {"newsletter.sources.formats.markdown"},
    "pypdf": {"newsletter.sources.formats.pdfpages"},
    "feedparser": {"newsletter.sources.formats.feedxml"},
}


def name_of(path: Path) -> str:
    parts = ("newsletter", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def imports_of(module: str) -> frozenset[str]:
    """Every module that `module` imports, wherever in the file the import stands."""
    return frozenset(_imports_of(module))


def _imports_of(module: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(MODULES[module].read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            base = node.module or ""
            for alias in node.names:
                full = f"{base}.{alias.name}"
                yield full if full in MODULES else base


def inner(module: str) -> set[str]:
    return {name for name in imports_of(module) if name.split(".")[0] == "newsletter"}


def part(module: str) -> str:
    """The room, verb or face that a module belongs to; "" for the package itself."""
    pieces = module.split(".")
    return pieces[1] if len(pieces) > 1 else ""


def allowed(module: str) -> set[str]:
    """The parts that a module may import from."""
    own = part(module)
    if own == "model":
        return {"model"}
    if own == "errors":
        return {"model"}
    if own == "settings":
        return {"model", "errors", "settings"}
    if own in ROOMS:
        return {"model", "errors", own}
    if own in VERBS:
        return {"model", "errors", own} | ROOMS
    if own in ROOT:
        return {"model", "errors", "settings"} | ROOMS | VERBS | ROOT
    if own in FACES:
        return {"model", "errors", "app"} | FACES
    assert own == "", f"{module} has no place in the house"
    return set()


def test_imports_keep_to_the_layers() -> None:
    wrong = {
        module: sorted(names)
        for module in MODULES
        if (names := {name for name in inner(module) if part(name) not in allowed(module)})
    }
    assert not wrong, f"modules that import what they may not: {wrong}"


def test_model_and_errors_need_the_standard_library_only() -> None:
    modules = [module for module in MODULES if part(module) in {"model", "errors"}]
    assert modules
    outer = {module: {name.split(".")[0] for name in imports_of(module)} for module in modules}
    known = {"newsletter", *sys.stdlib_module_names}
    wrong = {module: names - known for module, names in outer.items() if names - known}
    assert not wrong, f"modules that need more: {wrong}"


def test_each_library_has_one_door() -> None:
    wrong = [
        f"{module} imports {name}; its door is {sorted(doors)}"
        for module in MODULES
        for name in sorted(imports_of(module))
        if (doors := DOORS.get(name.split(".")[0]))
        and not any(module == door or module.startswith(door + ".") for door in doors)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("word", ["os.environ", "getenv"])
def test_only_settings_reads_the_environment(word: str) -> None:
    found = [module for module, path in MODULES.items() if word in path.read_text("utf-8")]
    assert {part(module) for module in found} <= {"settings"}, f"{word} stands in {found}"


def test_no_import_is_hidden_behind_type_checking() -> None:
    found = [module for module, path in MODULES.items() if "TYPE_CHECKING" in path.read_text("utf-8")]
    assert not found


def test_there_is_no_circle() -> None:
    edges = {module: inner(module) & MODULES.keys() - {module} for module in MODULES}
    while True:
        free = [module for module, targets in edges.items() if not targets & edges.keys()]
        if not free:
            break
        for module in free:
            del edges[module]
    assert not edges, f"import circle among {sorted(edges)}"
