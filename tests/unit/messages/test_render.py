from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import jinja2
import pytest
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.errors import MessageRefusedError, TemplateError
from newsletter.messages.checks import check_rendering
from newsletter.messages.render import Renderer, personalise
from newsletter.model.editions import Edition, MailingList, weekly_of
from newsletter.model.messages import Reader, Rendering
from newsletter.model.stories import Claim, Disagreement, SourceCredit, Story, StoryLabel

Render = Callable[..., Rendering]
RenderOwn = Callable[..., Rendering]
PACKAGED = Path(__file__).parents[3] / "templates"


@pytest.fixture
def render_own(tmp_path: Path, edition_of: Callable[..., Edition], mailing_list: MailingList) -> RenderOwn:
    """Renders with some templates of an operator's own."""

    def build(**files: str) -> Rendering:
        folder = tmp_path / "own" / "email" / "edition"
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name.replace("__", ".")).write_text(content, encoding="utf-8")
        own = Renderer(folders=[tmp_path / "own", PACKAGED])
        return own.render_edition(
            edition_of(),
            mailing_list,
            view_url=None,
            has_preferences=False,
            unsubscribe_address="leave@brief.example",
        )

    return build


def test_a_rendering_holds_what_sending_needs(render: Render, mailing_list: MailingList) -> None:
    rendering = render()
    headers = rendering.headers
    assert rendering.subject == "Nine harbours agree to share one storm forecast"
    assert (headers.list_name, headers.list_title) == ("daily", "The Meridian Brief")
    assert (headers.sender_name, headers.reply_to) == ("The Meridian Brief", "editor@brief.example")
    assert (headers.unsubscribe_address, headers.time_zone) == ("leave@brief.example", "Europe/Berlin")
    plain = render(list_=replace(mailing_list, sender_name="Desk", reply_to="")).headers
    assert (plain.sender_name, plain.reply_to) == ("Desk", "news@brief.example")


def test_every_rendering_has_marks_of_its_own(render: Render) -> None:
    first, second = render(token=None), render(token=None)
    assert first.token != second.token
    assert len(first.token) == 16
    assert first.token in first.html
    assert first.token in first.text


def test_a_reader_gets_a_copy_with_their_values(render: Render, reader: Reader) -> None:
    rendering = render()
    bodies = personalise(rendering, reader)
    for part in (bodies.html, bodies.text):
        assert rendering.token not in part
        assert ".invalid" not in part
        for value in (reader.address, "3 March 2026", reader.unsubscribe_url, reader.preferences_url or ""):
            assert value in part
    assert f"\n{reader.address}\n" in bodies.text
    assert f"\n{reader.unsubscribe_url}\n" in bodies.text


def test_without_web_pages_mail_does(render: Render, mail_reader: Reader) -> None:
    rendering = render(web=False)
    bodies = personalise(rendering, mail_reader)
    assert check_rendering(rendering) == []
    assert "View in browser" not in bodies.html
    assert "Read online" not in bodies.text
    assert "Change how often" not in bodies.html + bodies.text
    assert 'href="mailto:leave@brief.example?subject=unsubscribe%20daily"' in bodies.html
    assert "\nmailto:leave@brief.example?subject=unsubscribe%20daily\n" in bodies.text


def test_a_readers_values_are_escaped_and_cleaned(render: Render, reader: Reader) -> None:
    odd = replace(
        reader, address='<b>"x"\x00\r\n\u202e&@reader.example', unsubscribe_url="https://a.example/?x=1&y='2'"
    )
    bodies = personalise(render(), odd)
    assert "&lt;b&gt;&quot;x&quot; &amp;@reader.example" in bodies.html
    assert 'href="https://a.example/?x=1&amp;y=&#x27;2&#x27;"' in bodies.html
    assert '\n<b>"x" &@reader.example\n' in bodies.text


@pytest.mark.parametrize("url", ["javascript:alert(1)", "", "https://a b.example"])
def test_a_reader_without_a_way_out_gets_no_mail(url: str, render: Render, reader: Reader) -> None:
    with pytest.raises(MessageRefusedError):
        personalise(render(), replace(reader, unsubscribe_url=url))


def test_when_the_pages_are_gone_the_editor_answers(render: Render, mail_reader: Reader) -> None:
    bodies = personalise(render(web=True), mail_reader)
    assert 'href="mailto:editor@brief.example?subject=preferences%20daily"' in bodies.html
    assert "\nmailto:editor@brief.example?subject=preferences%20daily\n" in bodies.text


def test_optional_parts_may_be_missing(
    render: Render, edition_of: Callable[..., Edition], mailing_list: MailingList
) -> None:
    bare = replace(mailing_list, tagline="", postal_address=(), reply_to="")
    rendering = render(edition_of(1, also=0, left_out=0), list_=bare, web=False)
    assert check_rendering(rendering) == []
    for absent in ("at a glance", "also today", "more stor", ">none<", " none"):
        assert absent not in (rendering.html + rendering.text).lower()
    assert "news@brief.example" in rendering.text


def test_what_is_left_out_is_counted(render: Render, edition_of: Callable[..., Edition]) -> None:
    assert "+5 more stories</a>" in render().html
    assert "\n+1 more story:\nhttps://" in render(edition_of(2, also=0, left_out=1)).text
    assert "\n+1 more story\n" in render(edition_of(2, also=0, left_out=1), web=False).text
    assert "ALSO TODAY" in render(edition_of(2, also=0, left_out=1)).text


def test_a_digest_speaks_of_its_days_and_not_of_today(
    render: Render, edition_of: Callable[..., Edition], mailing_list: MailingList
) -> None:
    edition = edition_of(6, also=2, left_out=0)
    edition = replace(edition, covers_from=edition.created_at - timedelta(days=7))
    digest = weekly_of(replace(mailing_list, weekly_schedule="0 8 * * sat"))
    assert digest is not None
    rendering = render(edition, list_=digest)
    assert "Covering 7 days:" in rendering.text
    assert "ALSO IN THE NEWS" in rendering.text
    assert ">Also in the news</h2>" in rendering.html
    assert "ALSO TODAY" not in rendering.text
    assert f"Mistake%20in%20{quote(mailing_list.title)}%20%28weekly%29%20No.%20" in rendering.html
    assert rendering.headers.list_name == mailing_list.name


def test_documents_cannot_write_markup_or_template_code(render: Render, hostile_edition: Edition) -> None:
    rendering = render(hostile_edition)
    assert check_rendering(rendering, hostile_edition) == []
    assert "<script" not in rendering.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in rendering.html
    assert "{{ 7 * 7 }} {% raw %}" in rendering.html
    assert "{{ 7 * 7 }} {% raw %}" in rendering.text
    for invisible in "\u202e\u202c\x00\x1b\x85":
        assert invisible not in rendering.html + rendering.text + rendering.subject


SCRIPTS = st.sampled_from(["<", ">", "&", '"', "'", "{{", "}}", "{%", "%}", "-->", "<!--[if mso]>", "]]>"])
HOSTILE = st.lists(
    st.one_of(SCRIPTS, st.text(st.characters(), max_size=30), st.sampled_from("港جé\u202e\x00\u2028🌊 ")),
    max_size=12,
).map("".join)


@settings(
    deadline=None, max_examples=examples(80), suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(headline=HOSTILE, sentence=HOSTILE, name=HOSTILE, title=HOSTILE, brand=HOSTILE)
def test_no_document_makes_an_edition_unfit_to_send(
    headline: str,
    sentence: str,
    name: str,
    title: str,
    brand: str,
    render: Render,
    story_with: Callable[..., Story],
    edition_of: Callable[..., Edition],
    mailing_list: MailingList,
) -> None:
    source = SourceCredit(name="n" + name, title=title, url="https://a.example/1", origin=name)
    other = SourceCredit(name="n" + name, title="t" + title, url="https://a.example/2")
    said = replace(story_with().summary.sentences[0], text=sentence, source=name)
    claims = tuple(Claim(figure=figure, source=name, sentence=said) for figure in (sentence, title))
    story = story_with(
        headline="h" + headline,
        sentences=("s" + sentence,),
        sources=(source, other),
        label=StoryLabel.UPDATE,
        context=said,
        disagreements=(Disagreement(subject=title, claims=claims),),
        section=headline,
    )
    first, *others = story.summary.sentences
    story = replace(story, summary=replace(story.summary, sentences=(first, *others, said)))
    reworded = replace(story.summary, rewrite=sentence)
    second = story_with(1, headline="h" + headline, sources=(other, source), summary=reworded, section=brand)
    edition = edition_of([story, second])
    rendering = render(edition, list_=replace(mailing_list, title="b" + brand))
    assert check_rendering(rendering, edition) == []


def test_an_operators_file_stands_in_for_one_of_ours(render_own: RenderOwn) -> None:
    rendering = render_own(subject__txt="{{ newsletter.title }}\n No. {{ edition.number }} & more\n")
    assert rendering.subject == "The Meridian Brief No. 42 & more"
    assert "AT A GLANCE" in rendering.text


def test_html_is_escaped_whatever_the_name_and_text_never(
    tmp_path: Path,
    edition_of: Callable[..., Edition],
    mailing_list: MailingList,
    story_with: Callable[..., Story],
) -> None:
    folder = tmp_path / "email" / "edition"
    folder.mkdir(parents=True)
    (folder / "body.html").write_text("<i>{% include 'a.html.j2' %}|{% include 'plain' %}</i>")
    (folder / "body.txt").write_text("{% include 'a.txt.j2' %}")
    for name in ("a.html.j2", "a.txt.j2", "plain"):
        (tmp_path / name).write_text("{{ stories[0].headline }}")
    rendering = Renderer(folders=[tmp_path, PACKAGED]).render_edition(
        edition_of([story_with(headline="<b>&")]),
        mailing_list,
        view_url=None,
        has_preferences=False,
        unsubscribe_address="leave@brief.example",
    )
    assert "<i>&lt;b&gt;&amp;|&lt;b&gt;&amp;</i>" in rendering.html
    assert rendering.text == "<b>&\n"


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("one\n{% if %}\n", 2, "Expected an expression"),
        ("one\ntwo\n{{ stories[0].topic }}\n", 3, "topic"),
        ("{{ nobody }}", 1, "'nobody' is undefined"),
        ("\n\n{{ 1 / 0 }}", 3, "ZeroDivisionError: division by zero"),
        ("\n{{ links.view }}", 2, "ask for it with {% if %} first"),
        ("\n{% include 'lost.html' %}", 2, "no template folder has the file 'lost.html'"),
        ("\n{% include ['a', 'b'] %}", 2, "no template folder has none of the templates"),
        ("{% include 'email/edition/body.html' %}", 1, "RecursionError"),
    ],
)
def test_a_broken_template_is_named_with_its_line(
    content: str, line: int, words: str, render_own: RenderOwn, tmp_path: Path
) -> None:
    with pytest.raises(TemplateError) as caught:
        render_own(body__html=content)
    assert caught.value.path == tmp_path / "own/email/edition/body.html"
    assert caught.value.line == line
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value.__cause__, Exception)


@pytest.mark.parametrize(("content", "line"), [("a\n{% fi %}", 2), ("a\n\n{{ nobody.name }}", 3)])
def test_an_error_in_an_included_file_is_found_there(
    content: str, line: int, render_own: RenderOwn, tmp_path: Path
) -> None:
    with pytest.raises(TemplateError) as caught:
        render_own(body__html="\n{% include 'email/edition/part.html' %}", part__html=content)
    assert caught.value.path == tmp_path / "own/email/edition/part.html"
    assert caught.value.line == line


def test_a_missing_template_is_named(
    tmp_path: Path, edition_of: Callable[..., Edition], mailing_list: MailingList
) -> None:
    with pytest.raises(TemplateError, match=r"email/edition/subject\.txt") as caught:
        Renderer(folders=[tmp_path]).render_edition(
            edition_of(),
            mailing_list,
            view_url=None,
            has_preferences=False,
            unsubscribe_address="leave@brief.example",
        )
    assert isinstance(caught.value.__cause__, jinja2.TemplateNotFound)


def test_a_template_in_another_encoding_is_named(render_own: RenderOwn, tmp_path: Path) -> None:
    render_own(subject__txt="x")
    path = tmp_path / "own/email/edition/subject.txt"
    path.write_bytes("für".encode("latin-1"))
    with pytest.raises(TemplateError, match="UnicodeDecodeError") as caught:
        render_own()
    assert caught.value.path == path
