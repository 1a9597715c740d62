from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from newsletter.messages.checks import MAX_HTML_BYTES, check_rendering
from newsletter.model.editions import Edition
from newsletter.model.messages import Rendering
from newsletter.model.stories import SourceCredit, Story

Render = Callable[..., Rendering]


@pytest.mark.parametrize("stories", [1, 2, 8, 15])
def test_what_we_render_keeps_every_rule(
    stories: int, render: Render, edition_of: Callable[..., Edition]
) -> None:
    edition = edition_of(stories)
    assert check_rendering(render(edition), edition) == []


def test_other_directions_and_hostile_documents_keep_every_rule(
    render: Render, hostile_edition: Edition, right_to_left_edition: Edition, full_edition: Edition
) -> None:
    for edition in (
        hostile_edition,
        right_to_left_edition,
        full_edition,
        replace(full_edition, language="ar"),
    ):
        assert check_rendering(render(edition), edition) == []


def test_a_link_with_its_scheme_in_capitals_is_a_link(
    render: Render, edition_of: Callable[..., Edition], story_with: Callable[..., Story]
) -> None:
    """One document of that kind kept the whole edition from going out."""
    source = SourceCredit(name="Outlet", title="Report", url="HTTPS://OUTLET.EXAMPLE/" + "x" * 100)
    edition = edition_of([story_with(0, sources=(source,))], also=0)
    assert check_rendering(render(edition), edition) == []


def test_the_largest_edition_is_not_cut_off(
    render: Render, edition_of: Callable[..., Edition], story_with: Callable[..., Story]
) -> None:
    def story(number: int) -> Story:
        sources = tuple(
            SourceCredit(
                name=f"Outlet {n}",
                title=f"Report {n} of {number}",
                url=f"https://a.example/{number}/{n}/" + "x" * 190,
            )
            for n in range(40)
        )
        return story_with(
            number, sentences=("Word " * 110,), sources=sources, headline=f"{number} " + "h" * 298
        )

    rendering = render(edition_of([story(number) for number in range(15)]))
    assert check_rendering(rendering) == []
    assert len(rendering.html.encode("utf-8")) > 0.6 * MAX_HTML_BYTES


MARK = "https://5ca1ab1e0ddba11.invalid/unsubscribe"
WIDE = "@media only screen and (min-width:600px){"
LAST_WIDE = ".hl{font-size:36px!important}\n"
FILLER = "@media print{.x{color:red}}" * 700
PIXEL = '<img alt="" src="https://x.example/a.png" width="1" height="1">'

#: What is replaced once, by what, and what must be said about it.
HTML_MUTANTS = {
    "dark rule removed": (".n,.s,.f{", ".n,.f{", "no colour for dark screens: class s"),
    "CSS variable": ("color:#8f2413", "color:var(--a)", "custom properties"),
    "@supports": (WIDE, WIDE + "@supports(x:y){}", "@supports"),
    "at-rule inside another": (WIDE, "@media screen{@media print{}", "@-rule inside another"),
    "open brace": (LAST_WIDE + "}", LAST_WIDE, "does not balance"),
    "rule outside @media": (LAST_WIDE + "}", LAST_WIDE + "}.p{color:red}", "outside @media"),
    "flex": ("vertical-align:top", "display:flex", "flex or grid"),
    "negative margin": ("margin:0 0 12px", "margin:0 -4px 12px", "negative margins"),
    "important inline": ("vertical-align:top", "vertical-align:top!important", "!important"),
    "relative link": ('href="https://civic', 'href="/civic', "no absolute web or mail address"),
    "javascript link": ('href="https://civic', 'href="javascript:alert(1)//', "no absolute"),
    "nameless link": (">Unsubscribe<", "> <", "has no name"),
    "link called here": (">Unsubscribe<", ">here<", "has no name"),
    "one name, two places": (">Unsubscribe<", ">View in browser<", "lead to different places"),
    "link not underlined": ("text-decoration:underline", "", "not underlined"),
    "table role lost": ('class="tb" role="presentation"', 'class="tb"', 'lacks role="presentation"'),
    "role lost for Outlook": ('<table role="presentation" align', "<table align", "lacks role"),
    "heading level skipped": ("<h2 ", "<h4 ", "no level skipped"),
    "second h1": ("<h2 ", "<h1 ", "headings are not one"),
    "image without alt": ("<h1", PIXEL.replace('alt=""', "") + "<h1", "lacks alt"),
    "image by http": ("<h1", PIXEL.replace("https", "http") + "<h1", "not loaded by https"),
    "tracking pixel": ("<h1", PIXEL + "<h1", "too small to be seen"),
    "form": ("<h1", "<form></form><h1", "<form> is not for mail"),
    "small print": ("font-size:15px", "font-size:12px", "smaller than 15px"),
    "over size": ("</body>", f"<!--{'x' * 70_000}--></body>", "Gmail would cut it off"),
    "too much CSS": ("<style>\n" + WIDE, f"<style>{FILLER}{WIDE}", "Gmail drops them"),
    "style in the body": ("<h1", "<style>@media print{}</style><h1", "outside <head>"),
    "lang lost": ('No. 42" lang="en"', 'No. 42"', "lacks lang or dir"),
    "dir lost": ('<html lang="en" dir="ltr">', '<html lang="en">', "lacks lang or dir"),
    "doctype lost": ("<!DOCTYPE html>", "", "DOCTYPE"),
    "charset late": ("<head>", f"<head><!--{'x' * 1024}-->", "charset"),
    "title lost": ("<title>Nine", "<title></title><b>Nine", "no title"),
    "table left open": ("<!--[if mso]></td></tr></table><![endif]-->", "", "do not balance"),
    "comment left open": ("<tr><td><![endif]-->", "<tr><td>-->", "do not balance"),
    "template code": ("vertical-align:top", "{{ x }}", "template code"),
    "inliner's attribute": ('class="tb"', 'class="tb" data-css-inline="ignore"', "CSS inliner"),
    "no unsubscribe": (MARK, "https://brief.example/", "the HTML part has no way to unsubscribe"),
    "link not in the text": ("https://civic-ledger.example", "https://x.example", "lacks the link"),
}

TEXT_MUTANTS = {
    "no unsubscribe": (MARK, "https://brief.example/", "the text part has no way to unsubscribe"),
    "wide line": ("AT A GLANCE", "A" * 36 + " " + "B" * 36, "wider than 72 cells"),
    "wide characters": ("AT A GLANCE", "港" * 37, "wider than 72 cells"),
    "tab": ("AT A GLANCE", "AT A\tGLANCE", "has a tab"),
    "space at the end": ("AT A GLANCE", "AT A GLANCE ", "ends in space"),
    "story missing": ("A town battery", "A village battery", "lacks 'A town battery"),
}


def mutate(part: str, old: str, new: str) -> str:
    assert old in part, f"the mutant changes nothing: {old}"
    return part.replace(old, new, 1)


@pytest.mark.parametrize("mutant", HTML_MUTANTS)
def test_a_defect_of_the_html_is_caught(mutant: str, render: Render) -> None:
    old, new, problem = HTML_MUTANTS[mutant]
    rendering = render()
    problems = check_rendering(replace(rendering, html=mutate(rendering.html, old, new)))
    assert any(problem in found for found in problems), problems


@pytest.mark.parametrize("mutant", TEXT_MUTANTS)
def test_a_defect_of_the_text_is_caught(mutant: str, render: Render) -> None:
    old, new, problem = TEXT_MUTANTS[mutant]
    rendering = render()
    text = rendering.text
    for _ in range(2 if mutant == "story missing" else 1):
        text = mutate(text, old, new)
    problems = check_rendering(replace(rendering, text=text))
    assert any(problem in found for found in problems), problems


def test_a_headline_that_is_nowhere_is_caught(
    render: Render, edition_of: Callable[..., Edition], story_with: Callable[..., Story]
) -> None:
    edition = edition_of()
    other = replace(edition, stories=(*edition.stories, story_with(headline="Elms planted")))
    assert check_rendering(render(edition), other) == ["the headline 'Elms planted' is not in both parts"]


def test_an_empty_subject_is_caught(render: Render) -> None:
    assert check_rendering(replace(render(), subject="")) == ["the subject is empty"]


def test_each_problem_is_told_once(render: Render) -> None:
    rendering = render()
    html = rendering.html.replace("font-size:15px", "font-size:9px")
    assert check_rendering(replace(rendering, html=html)) == ["text smaller than 15px"]
