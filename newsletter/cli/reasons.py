"""What `newsletter explain` does; imported only when it runs."""

import json
import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import click

from newsletter.cli.columns import terminal_width, write_columns
from newsletter.cli.common import NOTHING_NEW, clip, opened, printable, utc_now
from newsletter.model.documents import Document
from newsletter.model.editions import MailingList
from newsletter.model.explanations import (
    CandidateSentence,
    EditionExplanation,
    Entry,
    Resemblance,
    SentenceFate,
    StoryExplanation,
)
from newsletter.model.ranking import Standing, Weight
from newsletter.model.stories import StoryLabel
from newsletter.model.words import plural

#: Sentences of a document that are shown of those that were not told.
_SENTENCES = 5
#: Features of a sentence that are named unless all are asked for.
_FEATURES = 4
#: Documents told before that an update is held against.
_EARLIER = 5
_INDENT = "   "


@dataclass(frozen=True, kw_only=True)
class Shown:
    """How much is shown of each sentence."""

    #: Every feature, not only the strongest.
    features: bool
    #: Those far below the told ones too.
    every_sentence: bool


def show_edition(*, list_name: str | None, number: int | None, as_json: bool) -> None:
    """Print every story of an edition with its weight, and what the edition left out."""
    with opened() as app:
        mailing_list = app.mailing_list(list_name)
        explained = app.explanations.edition(mailing_list, number=number, now=utc_now())
    if as_json:
        click.echo(_as_json(explained))
    elif explained is None:
        click.echo(NOTHING_NEW)
    else:
        _write_heading(mailing_list, explained, is_draft=number is None)
        _write_entries(explained)
        _write_left_out(explained)


def show_story(
    wanted: str, *, list_name: str | None, number: int | None, shown: Shown, as_json: bool
) -> None:
    """Print why one story of an edition is as it is.

    Raises:
        StoryNotFoundError: No story, or several, answer to what was asked for.
    """
    with opened() as app:
        mailing_list = app.mailing_list(list_name)
        explained = app.explanations.edition(mailing_list, number=number, now=utc_now())
        if explained is None:
            click.echo(_as_json(None) if as_json else NOTHING_NEW)
            return
        story = app.explanations.story(mailing_list, explained, wanted)
    if as_json:
        click.echo(_as_json(story))
        return
    _write_story(story)
    _write_place(story)
    _write_grouping(story)
    _write_sentences(story, shown)


def _as_json(explained: object) -> str:
    """Return an explanation as JSON; what it is made of has names enough."""
    value = None if explained is None else asdict(explained)  # type: ignore[call-overload]
    return json.dumps(value, indent=2, ensure_ascii=False, default=_plain)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in an explanation")


def _write_heading(mailing_list: MailingList, explained: EditionExplanation, *, is_draft: bool) -> None:
    edition = explained.edition
    state = "as it would be published now" if is_draft else "as it was published"
    click.echo(click.style(f"No. {edition.number} of {mailing_list.name}, {state}", bold=True))
    click.echo(f"{plural(len(edition.document_ids), 'document')}; subject: {printable(edition.subject)}\n")


def _write_entries(explained: EditionExplanation) -> None:
    titles = (
        "no.", "told as", "weight", "sources", "fresh", "central", "length", "told", "× source", "× word",
        "rank", "headline",
    )  # fmt: skip
    rows = [
        (
            str(entry.number),
            _role(entry),
            *(_weight_cells(entry.placement.weight) if entry.placement else ("",) * 8),
            str(entry.rank or ""),
            printable(entry.headline) + ("" if entry.original_headline is None else " (the operator's)"),
        )
        for entry in explained.entries
    ]
    write_columns(titles, rows, width=max(terminal_width(), 100))
    for standing in Standing:
        numbers = [
            str(e.number) for e in explained.entries if e.placement and e.placement.standing is standing
        ]
        if numbers and standing is not Standing.WEIGHT:
            click.echo(f"\n{', '.join(numbers)}: {standing.value}")


def _role(entry: Entry) -> str:
    return entry.role.value + (", update" if entry.label is StoryLabel.UPDATE else "")


def _weight_cells(weight: Weight) -> tuple[str, ...]:
    factors = (weight.source_factor, weight.word_factor)
    return (
        f"{weight.total:.2f}",
        f"{weight.sources:.2f}",
        f"{weight.recency:.2f}",
        f"{weight.centrality:.2f}",
        f"{weight.substance:.2f}",
        f"{weight.already_told:.2f}" if weight.already_told else "",
        *("" if factor == 1 else f"{factor:g}" for factor in factors),
    )


def _write_left_out(explained: EditionExplanation) -> None:
    if explained.unlisted:
        stories = plural(explained.unlisted, "more story", "more stories")
        click.echo(f"\n{stories} found no place and weigh less than those listed.")
    if explained.repeats:
        click.echo("\nSaid nothing that this list was not told:")
        for document in explained.repeats:
            click.echo(f"{_INDENT}{_credit(document)}")
    click.echo("\nOne of them in detail: newsletter explain NUMBER")


def _write_story(story: StoryExplanation) -> None:
    entry = story.entry
    click.echo(click.style(f"{entry.number}. {printable(entry.headline)}", bold=True))
    click.echo(f"{_INDENT}told as: {_role(entry)}")
    if entry.original_headline is not None:
        click.echo(
            f"{_INDENT}headline by the operator, in the place of: {printable(entry.original_headline)}"
        )
    told = entry.story
    if told is not None and told.first_told_at is not None:
        click.echo(f"{_INDENT}first told: {told.first_told_at:%Y-%m-%d %H:%M} UTC")
    for disagreement in told.disagreements if told else ():
        claims = ", ".join(f"{printable(c.figure)} ({printable(c.source)})" for c in disagreement.claims)
        subject = f" on “{printable(disagreement.subject)}”" if disagreement.subject else ""
        click.echo(f"{_INDENT}sources differ{subject}: {claims}")


def _write_place(story: StoryExplanation) -> None:
    placement = story.entry.placement
    _write_title("Why it stands here")
    if placement is None:
        click.echo(f"{_INDENT}its weight was not kept: the edition is of an earlier release")
        return
    weight = placement.weight
    named = [
        ("independent sources", weight.sources), ("freshness", weight.recency),
        ("likeness to the other news", weight.centrality), ("length", weight.substance),
        ("told before", weight.already_told),
    ]  # fmt: skip
    parts = " + ".join(f"{value:.2f} {name}" for name, value in named if value > 0)
    parts += "".join(f" - {-value:.2f} {name}" for name, value in named if value < 0)
    factors = [("source", weight.source_factor), ("word", weight.word_factor)]
    for name, factor in factors:
        parts += "" if factor == 1 else f", × {factor:g} for its {name}"
    _write_wrapped(f"weight {weight.total:.2f} = {parts}")
    click.echo(f"{_INDENT}{story.entry.rank} of {story.ranked}: {placement.standing.value}")


def _write_grouping(story: StoryExplanation) -> None:
    several = len(story.documents) > 1
    _write_title("Why these documents are one story" if several else "Its document")
    names = {document.id: _credit(document) for document in story.documents}
    beside = {found.document_id: found for found in story.group.documents}
    for number, document in enumerate(story.documents):
        click.echo(f"{_INDENT}{'leads: ' if several and number == 0 else ''}{names[document.id]}")
        if document.id in beside:
            _write_resemblance(beside[document.id], names)
    nearest = story.group.nearest_outside
    if nearest is not None:
        headline = printable(nearest.headline)
        click.echo(f"{_INDENT}nearest of the others: {headline}, likeness {nearest.likeness:.2f}")
    if story.goes_on:
        _write_title("Which story it goes on")
        for found in story.goes_on[:_EARLIER]:
            click.echo(f"{_INDENT}{printable(found.headline)}")
            _write_resemblance(found, names)
    click.echo(
        f"\n{_INDENT}one story from an average likeness of {story.story_cutoff:.2f} (STORY_CUTOFF); "
        f"the figures are worked out again,\n{_INDENT}among these documents, and come near those of the run"
    )


def _write_resemblance(found: Resemblance, names: Mapping[int, str]) -> None:
    if found.copy_of is not None:
        click.echo(f"{_INDENT * 2}a copy of {names.get(found.copy_of, f'document {found.copy_of}')}")
    spoken = [part for part in found.parts if part.weight is not None]
    factors = [part for part in found.parts if part.weight is None and part.value != 1]
    added = " + ".join(f"{part.weight:.2f} × {part.value:.2f} {part.name}" for part in spoken)
    times = "".join(f", × {part.value:.2f} for {part.name}" for part in factors)
    _write_wrapped(f"likeness {found.likeness:.2f} = {added}{times}", indent=_INDENT * 2)
    if found.common_terms:
        _write_wrapped(f"both say: {printable(', '.join(found.common_terms))}", indent=_INDENT * 2)


def _write_sentences(story: StoryExplanation, shown: Shown) -> None:
    _write_title("Which sentences were looked at")
    if story.summarizer not in {None, "editor"}:
        click.echo(f"{_INDENT}the summary is by {story.summarizer}; scores are those of editor")
    for document in story.documents:
        mine = [sentence for sentence in story.sentences if sentence.document_id == document.id]
        if not mine:
            continue
        click.echo(f"{_INDENT}{_credit(document)}")
        best_first = sorted(mine, key=lambda s: (s.fate is not SentenceFate.TOLD, -s.score))
        told = sum(sentence.fate is SentenceFate.TOLD for sentence in mine)
        listed = best_first if shown.every_sentence else best_first[: told + _SENTENCES]
        for sentence in listed:
            _write_sentence(sentence, shown)
        if len(listed) < len(mine):
            click.echo(f"{_INDENT * 2}… and {len(mine) - len(listed)} more (--all)")
    if story.summaries:
        _write_title("Which summaries of the leading document were weighed, the best ones")
        for summary in story.summaries:
            numbers = " + ".join(map(str, summary.numbers))
            click.echo(f"{_INDENT}{summary.score:+.3f} sentences {numbers}")
            _write_parts(summary.parts, shown, indent=_INDENT * 2)


def _write_sentence(sentence: CandidateSentence, shown: Shown) -> None:
    flaws = f": {', '.join(sentence.flaws)}" if sentence.flaws else ""
    head = f"{sentence.number}. {sentence.score:+.2f} {sentence.fate.value}{flaws}"
    click.echo(f"{_INDENT * 2}{click.style(head, bold=sentence.fate is SentenceFate.TOLD)}")
    _write_wrapped(printable(sentence.text), indent=_INDENT * 3)
    _write_parts(sentence.parts, shown, indent=_INDENT * 3)


def _write_parts(parts: Mapping[str, float], shown: Shown, *, indent: str) -> None:
    """Print what a score is made of, the strongest first."""
    most = len(parts) if shown.features else _FEATURES
    named = [f"{name.replace('_', ' ')} {value:+.2f}" for name, value in list(parts.items())[:most]]
    if len(parts) > most:
        rest = math.fsum(list(parts.values())[most:])
        named.append(f"{len(parts) - most} others {rest:+.2f}")
    _write_wrapped("= " + ", ".join(named), indent=indent)


def _write_title(title: str) -> None:
    click.echo("\n" + click.style(title, underline=True))


def _write_wrapped(text: str, *, indent: str = _INDENT) -> None:
    width = min(terminal_width(), 110)
    click.echo(textwrap.fill(text, width, initial_indent=indent, subsequent_indent=" " * len(indent)))


def _credit(document: Document) -> str:
    origin = document.origin if document.origin != document.source else None
    names: Sequence[str] = [name for name in (document.source, origin) if name]
    credit = f" ({', citing '.join(names)})" if names else ""
    return printable(clip(document.headline, 90) + credit)
