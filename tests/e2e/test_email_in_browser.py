"""Editions in a real browser: accessibility, width and colours; and the HTML standard's own checker.

What they need, each optional:

    pip install -e ".[test,browser]"             playwright, and axe-core inside axe-playwright-python
    apt-get install chromium default-jre-headless npm
    npm install --prefix tests --no-save vnu-jar axe-core
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from e2e.accessible import check_views, look

from newsletter.messages.render import Renderer, personalise

TESTS = Path(__file__).parents[1]
#: Page landmarks: a mail is shown inside a page, and is none.
NOT_FOR_MAIL = ("region", "landmark-one-main")
RULES = {"target-size": {"enabled": True}, **{rule: {"enabled": False} for rule in NOT_FOR_MAIL}}
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
#: Text that is shown, each with its size, its colour, and the ground that it stands on.
COLOURS = """
() => {
  const shown = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    let element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.getClientRects().length) continue;
    const style = getComputedStyle(element);
    let ground = 'rgba(0, 0, 0, 0)';
    for (let e = element; e && ground === 'rgba(0, 0, 0, 0)'; e = e.parentElement)
      ground = getComputedStyle(e).backgroundColor;
    shown.push([walker.currentNode.data.trim(), parseFloat(style.fontSize), style.color, ground]);
  }
  return shown;
}
"""

Open = Callable[..., Any]


def samples() -> ModuleType:
    """The makers of editions that the tests of messages use."""
    path = TESTS / "unit/messages/conftest.py"
    spec = importlib.util.spec_from_file_location("message_samples", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_editions(folder: Path) -> dict[str, Path]:
    """Write what a reader gets of each kind of edition, with and without style sheets."""
    sample = samples()
    renderer = Renderer(folders=[sample.TEMPLATES])
    editions = {
        "one": sample.make_edition(1, also=0, left_out=0),
        "eight": sample.make_edition(8),
        "full": sample.make_full_edition(),
        "hostile": sample.make_hostile_edition(),
        "rtl": sample.make_right_to_left_edition(),
    }
    files = {}
    for name, edition in editions.items():
        html = personalise(sample.render_with(renderer, edition), sample.make_reader()).html
        bare = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
        for kind, content in ((name, html), (f"{name}-without-styles", bare)):
            files[kind] = folder / f"{kind}.html"
            files[kind].write_text(content, encoding="utf-8")
    return files


KINDS = [
    f"{name}{rest}" for name in ("one", "eight", "full", "hostile", "rtl") for rest in ("", "-without-styles")
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_editions(tmp_path_factory.mktemp("editions"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        pytest.skip(f"no {', '.join(CHROMIUM)} on PATH")
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=list(QUIET))
        yield started
        started.close()


@pytest.fixture(scope="module")
def one_page(browser: Any) -> Iterator[Any]:
    """A page that shows one file after the other: to make another page takes longer than to load it."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def open_file(one_page: Any, files: dict[str, Path]) -> Open:
    """Opens a file by its name."""

    def open_(name: str, *, width: int, scheme: str) -> Any:
        look(one_page, width=width, scheme=scheme)
        one_page.goto(files[name].as_uri())
        return one_page

    return open_


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core: from npm if it is there, else from the package that brings it."""
    own = TESTS / "node_modules/axe-core/axe.min.js"
    if own.is_file():
        return own.read_text("utf-8")
    if importlib.util.find_spec("axe_playwright_python") is None:
        pytest.skip(f"axe-core is neither at {own.relative_to(TESTS.parent)} nor in axe-playwright-python")
    return (resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


@pytest.mark.browser
@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(kind: str, open_file: Open, axe: str) -> None:
    page = open_file(kind, width=320, scheme="light")
    check_views(page, axe, RULES, also=(390, 640))


#: The last one is amiss at night on a narrow screen alone, where not every rule is asked.
AMISS = {
    "image-alt": "<img src='data:,'>",
    "color-contrast": "<p style='color:#bbb;background:#fff'>Pale</p>",
    "color-contrast-at-night": (
        "<style>@media (prefers-color-scheme:dark) and (max-width:400px)"
        "{p{color:#bbb!important}}</style><p style='color:#000;background:#fff'>Pale at night</p>"
    ),
}


@pytest.mark.browser
@pytest.mark.parametrize("rule", AMISS)
def test_what_is_amiss_is_found(rule: str, one_page: Any, axe: str) -> None:
    one_page.set_content(
        f"<html lang=en><title>A title</title><main><h1>A page</h1>{AMISS[rule]}</main></html>"
    )
    with pytest.raises(AssertionError, match=rule.removesuffix("-at-night")):
        check_views(one_page, axe, {}, least_passes=1)


@pytest.mark.browser
def test_what_is_wider_than_the_screen_is_found(open_file: Open, axe: str) -> None:
    page = open_file("one", width=1280, scheme="light")
    page.evaluate("document.body.style.minWidth = '400px'")
    with pytest.raises(AssertionError, match="390"):
        check_views(page, axe, RULES, widths=(1280,), also=(640, 390))


@pytest.mark.browser
@pytest.mark.parametrize("kind", ["eight", "full", "hostile", "rtl"])
def test_all_text_is_large_and_stands_out(kind: str, open_file: Open) -> None:
    page = open_file(kind, width=390, scheme="light")
    for scheme, grounds in (
        ("light", {"rgb(255, 255, 255)", "rgb(246, 242, 234)"}),
        ("dark", {"rgb(21, 20, 18)", "rgb(33, 31, 27)"}),
    ):
        look(page, width=390, scheme=scheme)
        shown = page.evaluate(COLOURS)
        assert len(shown) > 20
        assert {ground for *_, ground in shown} == grounds
        for text, size, colour, ground in shown:
            assert size >= 15, text
            assert contrast(colour, ground) >= 6.5, (scheme, text, colour, ground)


@pytest.mark.browser
def test_without_style_sheets_a_phone_shows_the_same(open_file: Open) -> None:
    """Gmail's apps drop style sheets for accounts that are not Google's."""
    heights = [
        open_file(kind, width=390, scheme="light").evaluate("document.documentElement.scrollHeight")
        for kind in ("eight", "eight-without-styles")
    ]
    assert abs(heights[0] - heights[1]) <= 0.02 * heights[0]


@pytest.mark.browser
def test_a_hostile_document_runs_nothing(open_file: Open) -> None:
    page = open_file("hostile", width=390, scheme="light")
    assert page.locator("script").count() == 0
    assert page.locator("h2").filter(has_text="<script>alert(1)</script>").count() == 1


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2 defines it."""
    shares = [int(number) / 255 for number in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_html_is_valid(files: dict[str, Path]) -> None:
    jar = TESTS / "node_modules/vnu-jar/build/dist/vnu.jar"
    java = shutil.which("java")
    if java is None or not jar.is_file():
        pytest.skip(f"the Nu HTML checker needs java and {jar.relative_to(TESTS.parent)}")
    command = [java, "-jar", str(jar), "--format", "json", "--stdout", *map(str, files.values())]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    found = json.loads(done.stdout)["messages"]
    assert [message for message in found if message["type"] == "error"] == []
