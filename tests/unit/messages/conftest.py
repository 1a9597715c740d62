"""Editions to render; all names and texts are invented."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from newsletter.messages.render import Renderer
from newsletter.model.documents import Span
from newsletter.model.editions import Edition, MailingList, OneLiner, Section
from newsletter.model.messages import Reader, Rendering
from newsletter.model.stories import (
    Claim,
    Disagreement,
    SourceCredit,
    Story,
    StoryForm,
    StoryLabel,
    Summary,
    SummarySentence,
)

TEMPLATES = Path(__file__).parents[3] / "templates"
TOKEN = "5ca1ab1e0ddba11"
MADE_AT = datetime(2026, 11, 23, 5, 30, tzinfo=UTC)

#: Headline, sentences, sources as (name, title or None for the headline, path or None, origin).
STORIES: list[tuple[str, list[str], list[tuple[str, str | None, str | None, str | None]]]] = [
    (
        "Nine harbours agree to share one storm forecast",
        [
            "Nine ports along the Aldis coast will publish a single storm-surge forecast from January.",
            "The pact was signed on Sunday after a surge in October was foreseen by only two of them.",
            "Each port keeps the right to close its own gates, but must say in public why it does so.",
        ],
        [
            ("Harbour Gazette", None, "2026/11/nine-ports", None),
            ("Northline Wire", "Ferry operators welcome surge pact", "world/ferries-81842", None),
            ("Aldis Evening Post", "Gates stay ours, says harbour master", None, "Northline Wire"),
        ],
    ),
    (
        "Norrland’s central bank holds its rate at 3.25%",
        [
            "The Bank of Norrland left its main rate unchanged for a fourth meeting.",
            "Two of seven members voted for a cut of a quarter point.",
        ],
        [("Civic Ledger", None, "markets/rate-held", None)],
    ),
    (
        "A town battery carried Ostby through a nine-hour outage",
        ["When a substation burned on Friday night, a battery in a former paper mill supplied 6,200 homes."],
        [("Ostby Courier", None, None, None)],
    ),
    (
        "Five days of antibiotics did as well as ten in a trial of 1,140 children",
        ["Children with uncomplicated chest infections recovered equally often on the shorter course."],
        [
            ("Lab Notebook", None, "news/half-the-pills", None),
            ("Civic Ledger", "Shorter is enough", None, None),
        ],
    ),
    (
        "Museum returns 212 carved figures to the Sámara islands",
        ["The National Museum will send back every figure taken in 1894, after four years of talks."],
        [("Harbour Gazette", None, "2026/11/they-are-coming-home", None)],
    ),
    (
        "A volunteer street map passes one billion edits",
        ["WayCommons, mapped by hand since 2009, says that 71,000 people took part in October alone."],
        [("Open Systems Weekly", None, None, None)],
    ),
    (
        "Night trains return to the coast line after eleven years",
        ["Two sleepers will run each way between Port Aldis and Tromby from 13 December."],
        [("Northline Wire", None, "transport/sleepers-81790", None)],
    ),
    (
        "Rain rewrites the mountain stage, and Lindqvist takes the lead",
        ["Officials cut 38 km from the stage after a landslide, and Ida Lindqvist won it by 12 seconds."],
        [("The Breakaway", None, "tour/stage-12", "Tour Radio")],
    ),
]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files of messages anew")


def make_summary(*sentences: str) -> Summary:
    made = tuple(SummarySentence(text=text, span=Span(start=0, end=len(text))) for text in sentences)
    return Summary(sentences=made, method="lead")


def make_credit(
    name: str, title: str, *, path: str | None = None, origin: str | None = None, number: int = 0
) -> SourceCredit:
    host = name.lower().replace(" ", "-")
    suffix = f"?n={number}" if number else ""
    return SourceCredit(
        name=name, title=title, url=f"https://{host}.example/{path}{suffix}" if path else None, origin=origin
    )


def make_story(number: int) -> Story:
    """Make the story at a place; they repeat after eight, with a number."""
    headline, sentences, sources = STORIES[number % len(STORIES)]
    lap = number // len(STORIES)
    headline = f"{headline} ({lap + 1})" if lap else headline
    credits_ = tuple(
        make_credit(name, title or headline, path=path, origin=origin, number=lap)
        for name, title, path, origin in sources
    )
    return Story(
        headline=headline,
        label=StoryLabel.UPDATE if number == 1 else StoryLabel.NEW,
        summary=make_summary(*sentences),
        sources=credits_,
        document_ids=tuple(100 * number + i for i in range(len(credits_))),
        language="en",
        dated_at=MADE_AT,
        independent_sources=sum(1 for source in sources if source[3] is None),
        form=StoryForm.LEAD if number == 0 else StoryForm.SECOND,
    )


def change_story(number: int = 0, **changes: object) -> Story:
    """Make a story with some fields changed; `sentences` stands for a summary of them."""
    if isinstance(sentences := changes.pop("sentences", None), tuple):
        changes["summary"] = make_summary(*sentences)
    return replace(make_story(number), **changes)  # type: ignore[arg-type]


def make_edition(stories: Sequence[Story] | int = 8, *, also: int = 3, left_out: int = 5) -> Edition:
    told = tuple(make_story(n) for n in range(stories)) if isinstance(stories, int) else tuple(stories)
    lines = [
        ("Lighthouse keeper’s diary found in a wall", "Harbour Gazette", "2026/11/diary"),
        ("Tromby plants a thousand elms", "Ostby Courier", None),
        ("Chess league allows draws again", "Civic Ledger", "sport/draws"),
    ]
    return Edition(
        list_name="daily",
        number=42,
        created_at=MADE_AT,
        slot_at=MADE_AT,
        subject=told[0].headline,
        preheader="Also: Norrland’s central bank holds its rate at 3.25%",
        language="en",
        stories=told,
        also=tuple(
            OneLiner(
                headline=headline, source=make_credit(name, headline, path=path), document_ids=(900 + i,)
            )
            for i, (headline, name, path) in enumerate(lines[:also])
        ),
        left_out_ids=tuple(range(1000, 1000 + left_out)),
        left_out_stories=left_out,
        word_count=sum(story.summary.word_count for story in told),
        reading_minutes=3,
    )


def told_by(*told: tuple[str, str]) -> Summary:
    """Make a summary of sentences, each with its source."""
    made = make_summary(*(text for text, _ in told))
    sentences = (replace(one, source=source) for one, (_, source) in zip(made.sentences, told, strict=True))
    return replace(made, sentences=tuple(sentences))


def make_disagreement(subject: str, *claims: tuple[str, str]) -> Disagreement:
    (sentence,) = make_summary("Not all gates closed.").sentences
    made = tuple(Claim(figure=figure, source=source, sentence=sentence) for figure, source in claims)
    return Disagreement(subject=subject, claims=made)


def make_full_edition() -> Edition:
    """An edition of three days with everything in it."""
    (earlier,) = make_summary(
        "The bank cut its rate to 3.25% in September, the third cut of the year."
    ).sentences
    lead = change_story(
        0,
        summary=told_by(
            (
                "Nine ports along the Aldis coast will publish a single storm-surge forecast.",
                "Harbour Gazette",
            ),
            ("The pact was signed after a surge that only two of them foresaw.", "Harbour Gazette"),
            ("In that surge 41 of 48 gates closed in time.", "Northline Wire"),
        ),
        disagreements=(
            make_disagreement("gates", ("41 of 48", "Northline Wire"), ("40", "Aldis Evening Post")),
        ),
    )
    rate = change_story(1, section="Economy", context=earlier, first_told_at=MADE_AT - timedelta(days=6))
    battery = change_story(2, section="Economy")
    reworded = replace(
        battery.summary, rewrite="A battery in an old paper mill kept 6,200 homes lit for nine hours."
    )
    battery = replace(battery, summary=reworded)
    stories = [lead, rate, battery, change_story(3), change_story(4)]
    made = make_edition(stories, left_out=12)
    sections = ("Economy", "", "")
    labels = (StoryLabel.NEW, StoryLabel.UPDATE, StoryLabel.NEW)
    also = tuple(
        replace(line, section=section, label=label)
        for line, section, label in zip(made.also, sections, labels, strict=True)
    )
    return replace(made, also=also, left_out_stories=9, covers_from=MADE_AT - timedelta(days=3))


def make_hostile_edition() -> Edition:
    """An edition of everything that a document may try, or happen to hold."""
    arabic = "أعيد فتح الجسر القديم أمام المشاة"
    (nasty,) = make_summary('</p><script>alert(2)</script> {{ 7 * 7 }} \u202e<b>"').sentences
    japanese = "港の九つが一つの高潮予報を共有することで合意したと当局が日曜日に発表したと地元紙が伝えた。"
    told = [
        change_story(
            0,
            headline='<script>alert(1)</script> & "quotes" {{ 7 * 7 }} {% raw %} <!--[if mso]>',
            summary=told_by(
                ("<b>bold</b> {{ x }} &amp; \u202eesrever\u202c \x00\x1b[31m\x85 --> </td>", nasty.text),
                ("Second.", "x" * 90),
            ),
            label=StoryLabel.UPDATE,
            first_told_at=MADE_AT - timedelta(days=400),
            context=nasty,
            disagreements=(make_disagreement(nasty.text, (nasty.text, "x" * 90), ("", nasty.text)),),
        ),
        change_story(
            1,
            headline="Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
            section="<i>Economy</i> {{ 1 }}",
            sentences=(
                "x" * 90 + " https://example.org/" + "a" * 120,
                "(https://example.org/" + "b" * 120 + ")",
            ),
        ),
        change_story(
            2,
            headline=arabic,
            summary=replace(make_summary(arabic + "."), rewrite=arabic + " <b>."),
            language="ar",
            section="<i>Economy</i> {{ 1 }}",
            label=StoryLabel.UPDATE,
            context=make_summary(arabic).sentences[0],
        ),
        change_story(3, headline=japanese, sentences=(japanese * 3,), language="ja"),
        change_story(
            4, headline="🚆 Trains 🌊🌊 return 👩‍👩‍👧‍👦 e\u0301\u0302\u0303", sentences=("🌊" * 100,)
        ),
    ]
    return make_edition(told)


def make_right_to_left_edition() -> Edition:
    arabic = "أعيد فتح الجسر القديم أمام المشاة"
    told = [
        change_story(number, headline=f"{arabic} {number}", sentences=(arabic + ".",), language="ar")
        for number in (0, 2, 3)
    ]
    told.insert(1, make_story(1))
    return replace(make_edition(told), language="ar")


def make_list() -> MailingList:
    return MailingList(
        name="daily",
        title="The Meridian Brief",
        tagline="The day’s news, with its sources",
        schedule="30 6 * * *",
        time_zone="Europe/Berlin",
        sender_address="news@brief.example",
        reply_to="editor@brief.example",
        postal_address=("The Meridian Brief", "12 Quay Street, Port Aldis AL1 2QS"),
        sections=(Section(title="Economy", words=("bank", "rate")),),
    )


def make_reader() -> Reader:
    return Reader(
        subscriber_id=7,
        address="ada@reader.example",
        name="Ada Example",
        since=datetime(2026, 3, 2, 23, 30, tzinfo=UTC),
        unsubscribe_url="https://brief.example/u/7.daily.Zk3vT0aQd8rT2bXy",
        unsubscribe_mail="mailto:leave@brief.example?subject=unsubscribe%20daily",
        preferences_url="https://brief.example/p/7.daily.bXyZk3vT0aQd8rT2",
    )


def render_with(
    renderer: Renderer,
    edition: Edition | None = None,
    *,
    list_: MailingList | None = None,
    web: bool = True,
    token: str | None = TOKEN,
) -> Rendering:
    return renderer.render_edition(
        edition or make_edition(),
        list_ or make_list(),
        view_url="https://brief.example/e/16.daily.tuRBCE7bkqa3xYzQ" if web else None,
        has_preferences=web,
        unsubscribe_address="leave@brief.example",
        token=token,
    )


@pytest.fixture(scope="session")
def mailing_list() -> MailingList:
    return make_list()


@pytest.fixture(scope="session")
def edition_of() -> Callable[..., Edition]:
    return make_edition


@pytest.fixture(scope="session")
def story_with() -> Callable[..., Story]:
    return change_story


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    return Renderer(folders=[TEMPLATES])


@pytest.fixture(scope="session")
def render(renderer: Renderer) -> Callable[..., Rendering]:
    return partial(render_with, renderer)


@pytest.fixture(scope="session")
def reader() -> Reader:
    return make_reader()


@pytest.fixture(scope="session")
def hostile_edition() -> Edition:
    return make_hostile_edition()


@pytest.fixture(scope="session")
def full_edition() -> Edition:
    return make_full_edition()


@pytest.fixture(scope="session")
def right_to_left_edition() -> Edition:
    return make_right_to_left_edition()


@pytest.fixture(scope="session")
def mail_reader() -> Reader:
    """A reader of a list without web pages."""
    return Reader(
        subscriber_id=8,
        address="bo@reader.example",
        name="",
        since=MADE_AT - timedelta(days=30),
        unsubscribe_url="mailto:leave@brief.example?subject=unsubscribe%20daily",
        unsubscribe_mail="mailto:leave@brief.example?subject=unsubscribe%20daily",
    )
