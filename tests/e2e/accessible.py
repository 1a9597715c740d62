"""A page on screens of several widths, by day and by night: axe-core finds nothing, nothing is cut off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SCHEMES = ("light", "dark")

#: What hangs on colours, which are all that the dark scheme changes.
_OF_COLOURS = ("color-contrast", "link-in-text-block")

#: To find and hand over each element that a rule is content with takes most of axe's time: a count will do.
_RUN = """
([where, options]) => axe.run(where || document, {...options, resultTypes: ['violations']}).then(
  result => ({violations: result.violations, passes: result.passes.length})
)
"""
_WIDTH = "document.documentElement.scrollWidth"

Rules = Mapping[str, Mapping[str, bool]]


def look(page: Any, *, width: int, scheme: str) -> None:
    """Look at a page on a screen of some width, in light or dark mode."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)


def check_views(
    page: Any,
    axe: str,
    rules: Rules,
    *,
    widths: tuple[int, ...] = (320, 1280),
    also: tuple[int, ...] = (),
    where: Mapping[str, Any] | None = None,
    least_passes: int = 10,
) -> None:
    """Look at a page in each scheme at each width.

    Every rule is asked once at each width, in turn in light and dark; in the other scheme those of colours.

    Args:
        page: The page, loaded.
        axe: Source of axe-core.
        rules: Which rules are switched on or off besides axe's own choice.
        widths: Of the screens.
        also: Of screens on which nothing may be cut off either; between the others, axe finds nothing new.
        where: Axe's context; None for the whole page, and what is in its frames.
        least_passes: How many rules must have had something to look at.
    """
    page.add_script_tag(content=axe)
    everything: dict[str, Any] = {"rules": rules}
    colours = {"runOnly": {"type": "rule", "values": list(_OF_COLOURS)}}
    if where is not None:
        everything["iframes"] = colours["iframes"] = False
    for number, width in enumerate(widths):
        for scheme in SCHEMES:
            look(page, width=width, scheme=scheme)
            is_whole = scheme == SCHEMES[number % 2]
            result = page.evaluate(_RUN, [where, everything if is_whole else colours])
            found = [
                (rule["id"], node["html"][:160]) for rule in result["violations"] for node in rule["nodes"]
            ]
            assert found == [], (scheme, width, found)
            assert result["passes"] >= (least_passes if is_whole else 1), (scheme, width)
            assert page.evaluate(_WIDTH) <= width, (scheme, width)
    for width in also:
        look(page, width=width, scheme=SCHEMES[0])
        assert page.evaluate(_WIDTH) <= width, width
