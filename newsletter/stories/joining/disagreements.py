"""Numbers on which the sources of one story differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from newsletter.model.documents import Document
from newsletter.model.stories import Claim, Disagreement, SummarySentence
from newsletter.stories.joining.counted import Figure, find_figures
from newsletter.stories.joining.crediting import outlet
from newsletter.stories.joining.matters import GROWING, MONTHS, WEEKDAYS
from newsletter.stories.joining.pool import Pool, PooledSentence, pool_sentences

#: Reports of what goes on growing (a toll, a fire) that are further apart are an update, not a difference.
GROWING_APART = timedelta(hours=6)
#: The same for what does not change by itself (a fine, how many were aboard).
FIXED_APART = timedelta(hours=48)
_NOON = timedelta(hours=12)
#: Content words that the contexts of two figures share at least, besides what is counted, to be on one
#: matter. Of a toll a story has one; of the rest, two sentences must share two words,
#: three where only a noun tells what is counted.
_NEEDED_WORDS = {
    **dict.fromkeys(GROWING | {"cut", "aboard", "magnitude"}, 1),
    **dict.fromkeys(("dead", "injured", "missing"), 0),
}


@dataclass(frozen=True, kw_only=True)
class _Given:
    """A figure as a document gives it."""

    figure: Figure
    sentence: PooledSentence
    document: Document
    #: Content words of the sentence; for what a story tells of once, of the sentence before it too.
    context: frozenset[str]

    def is_near(self, other: "_Given") -> bool:
        """Return whether both stand in one sentence, or count one kind of thing."""
        return self.sentence is other.sentence or self.figure.noun == other.figure.noun != ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What is counted: figures of other keys are not compared."""
        return (self.figure.matter, self.figure.noun, self.figure.number.unit)


def find_disagreements(documents: Sequence[Document], *, limit: int = 3) -> tuple[Disagreement, ...]:
    """Find numbers that the sources of one story give differently about the same thing.

    Precision goes first: what might be something else counted (a part, another place, another day, an earlier
    state) or might be said less exactly ("at least 40" and 45) is no difference. Of one outlet its latest
    figure counts. Reports of what goes on growing are compared within `GROWING_APART`, others within
    `FIXED_APART`: a later report supersedes. Copies of one text count once.

    Args:
        documents: The documents of one story, the leading one first; a bounded part is read
            (`pool_sentences`).
        limit: Most disagreements.

    Returns:
        Disagreements in the order of their first claims, whose spans are in the documents' texts.
    """
    if len(documents) < 2:
        return ()
    pool = pool_sentences(documents, language=None)
    given = _given(pool)
    by_key: dict[tuple[str, str, str], list[_Given]] = {}
    for each in _latest(given):
        by_key.setdefault(each.key, []).append(each)
    found = [
        (claims[0].sentence.document, claims[0].sentence.position, _disagreement(claims))
        for candidates in by_key.values()
        if len(claims := _differing(candidates, given)) > 1
    ]
    return tuple(disagreement for _, _, disagreement in sorted(found, key=lambda row: row[:2])[:limit])


def _given(pool: Pool) -> list[_Given]:
    found = []
    before: PooledSentence | None = None
    for sentence in pool.sentences:
        document = pool.documents[sentence.document]
        near = before.content if before and before.document == sentence.document else frozenset()
        found += [
            _Given(
                figure=figure,
                sentence=sentence,
                document=document,
                context=sentence.content | (near if figure.matter in _NEEDED_WORDS else frozenset()),
            )
            for figure in find_figures(sentence.text, language=document.language)
        ]
        before = sentence
    return found


def _latest(given: Sequence[_Given]) -> list[_Given]:
    """Return each outlet's first usable figure on each matter, of the latest document that gives one."""
    chosen: dict[tuple[str, tuple[str, str, str]], _Given] = {}
    for each in _whole(given):
        place = (outlet(each.document), each.key)
        known = chosen.get(place)
        if known is None or _moment(each.document) > _moment(known.document):
            chosen[place] = each
    return sorted(chosen.values(), key=lambda each: (each.sentence.document, each.sentence.position))


def _whole(given: Sequence[_Given]) -> list[_Given]:
    """Return each document's first usable figure of each key, if the others are no more than its parts.

    Of what does not grow there are no parts: a document that gives two figures tells of two things.
    """
    by_place: dict[tuple[int, tuple[str, str, str]], list[_Given]] = {}
    for each in given:
        if each.figure.usable:
            by_place.setdefault((each.document.id, each.key), []).append(each)
    whole = []
    for first, *others in by_place.values():
        number = first.figure.number
        parts = [other.figure.number for other in others if not number.agrees(other.figure.number)]
        if not parts or (first.figure.matter in GROWING and all(part.value < number.value for part in parts)):
            whole.append(first)
    return whole


def _differing(candidates: Sequence[_Given], given: Sequence[_Given]) -> list[_Given]:
    """Return the first claims of which no two can be right together."""
    for start, first in enumerate(candidates):
        claims = [first]
        for other in candidates[start + 1 :]:
            if all(_differ(claim, other, given) for claim in claims):
                claims.append(other)
        if len(claims) > 1:
            return claims
    return []


def _differ(one: _Given, other: _Given, given: Sequence[_Given]) -> bool:
    apart = abs(_moment(one.document) - _moment(other.document))
    growing = one.figure.matter in GROWING
    if apart > (GROWING_APART if growing else FIXED_APART):
        return False
    return (
        not one.figure.number.agrees(other.figure.number)
        and _on_one_matter(one, other)
        and not _knows(one, other, given)
        and not _knows(other, one, given)
    )


def _moment(document: Document) -> datetime:
    """Return when a document was published, UTC; one that gives no more than the day is taken for noon."""
    published = document.published_at
    is_day = published is not None and published.timetz() == time(tzinfo=UTC)
    return document.dated_at + _NOON if is_day else document.dated_at


def _knows(one: _Given, other: _Given, given: Sequence[_Given]) -> bool:
    """Return whether the document of `one` has the other's figure too, somewhere, for the same matter."""
    return any(
        each.document is one.document
        and (
            (each.figure.counts_like(one.figure) and each.figure.number.agrees(other.figure.number))
            or (each.is_near(one) and each.figure.number.value == other.figure.number.value)
        )
        for each in given
    )


def _on_one_matter(one: _Given, other: _Given) -> bool:
    """Return whether neither names, days nor words part what the two count."""
    figures = one.figure, other.figure
    names = one.figure.names, other.figure.names
    # A storm that both name, and a town of its own in each: those are two towns.
    if all(_names_alone(*pair) for pair in (names, names[::-1])):
        return False
    for marks in (
        [figure.days & MONTHS for figure in figures],
        [figure.days & WEEKDAYS for figure in figures],
        [figure.ordinals for figure in figures],
    ):
        if all(marks) and not marks[0] & marks[1]:
            return False
    if one.figure.matter in GROWING and (one.figure.days ^ other.figure.days) & MONTHS:
        return False
    return _shared_words(one, other) >= _NEEDED_WORDS.get(one.figure.matter, 2 if one.figure.matter else 3)


def _names_alone(mine: frozenset[frozenset[str]], theirs: frozenset[frozenset[str]]) -> bool:
    """Return whether one of these names is not among the others, not even in part."""
    return any(not any(name <= other or other <= name for other in theirs) for name in mine)


def _shared_words(one: _Given, other: _Given) -> int:
    """Return how many content words both contexts have, numbers and what is counted apart."""
    counted = {
        word.casefold()[:7]
        for each in (one, other)
        for word in (each.figure.noun, *each.figure.subject.split())
    }
    common = (one.context & other.context) - counted - {"people"}
    return sum(1 for word in common if not word[0].isdigit())


def _disagreement(claims: Sequence[_Given]) -> Disagreement:
    return Disagreement(subject=claims[0].figure.subject, claims=tuple(_claim(claim) for claim in claims))


def _claim(given: _Given) -> Claim:
    name = outlet(given.document)
    told = given.sentence
    sentence = SummarySentence(
        text=told.text, span=told.span, cuts=told.cuts, document_id=given.document.id, source=name
    )
    return Claim(figure=given.figure.printed.of(given.sentence.text), source=name, sentence=sentence)
