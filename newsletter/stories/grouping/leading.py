"""Which of several reports on one event leads: the one that reports the event, not what came of it."""

import re
from collections.abc import Sequence

import numpy as np

from newsletter.model.documents import Document
from newsletter.stories.grouping.profiles import Ids, lead_sentences
from newsletter.stories.grouping.weighing import Floats
from newsletter.stories.sentences import words
from newsletter.stories.text.background import DAY_NUMBERS

#: Reports at least this share as central as the most central one may lead.
_NEAR_EQUAL = 0.75
#: Telling words after which what is told counts half.
_EARLY_WORDS = 25
#: What speaks for a report beside how early it tells what others tell, from 0 to 1: a day of the week in its
#: first sentence, that it appeared first, and against it, a headline of comment or background.
_DATED, _FIRST, _REFLECTING = 0.15, 0.1, 0.2
#: Reports whose scores are no further apart are equal; of those the longest leads.
_EVEN = 0.03
#: A notice of fewer telling words than this, and than this share of the fullest report, does not lead.
_NOTICE_WORDS, _NOTICE_SHARE = 25, 0.25
#: Reports that are held against one another.
_MOST_COMPARED = 12
#: Headlines of comment, background and voices: they ask, quote, count or say what they are.
_REFLECTS = re.compile(
    r"\W*[\"“”„«‘]|.*\?"
    r"|(?:how|why|what|wie|warum|weshalb|comment|pourquoi|cómo|por qué)\b"
    r"|(?:\w+ )?(?:things|ways|reasons|facts|questions|dinge|gründe|fragen|choses|raisons|cosas|razones)\b"
    r"|(?:analysis|comment|commentary|opinion|editorial|explainer|background|interview|profile|review|factbox"
    r"|timeline|q&a|kommentar|analyse|hintergrund|porträt|leitartikel|meinung|reportage|éditorial|tribune"
    r"|entretien|portrait|chronique|décryptage|análisis|opinión|entrevista|reportaje|perfil)\s*[:|–-]",
    re.IGNORECASE,
)


def leading_report(
    documents: Sequence[Document], running: Sequence[Ids], weights: Floats, central: Sequence[float]
) -> int:
    """Return the place of the report that leads.

    Of those that are nearly as central as the most central one it is the one that tells first what the others
    tell as well: a report of the event opens with it, comment and background come to it later. That the first
    sentence names a day of the week, and that it appeared before the others, speaks for a report.

    Args:
        documents: At least one.
        running: The telling words of each, as `Profile.running`.
        weights: How telling each term is.
        central: How like the others each is.
    """
    near = [place for place, value in enumerate(central) if value >= _NEAR_EQUAL * max(central)]
    fullest = max(len(running[place]) for place in near)
    least = min(_NOTICE_WORDS, _NOTICE_SHARE * fullest)
    full = sorted(
        (place for place in near if len(running[place]) >= least),
        key=lambda place: (-round(central[place], 6), -len(documents[place].text), documents[place].id),
    )[:_MOST_COMPARED]
    others = sorted(range(len(documents)), key=lambda place: (-round(central[place], 6), documents[place].id))
    compared = [running[place] for place in others[: _MOST_COMPARED + 1]]

    scores = {
        place: _told_early(running[place], compared, weights)
        + _manner(documents[place])
        + _FIRST * _precedes(documents[place], documents)
        for place in full
    }
    even = [place for place in full if scores[place] >= max(scores.values()) - _EVEN]
    return min(even, key=lambda place: (-len(documents[place].text), documents[place].id))


def _told_early(mine: Ids, all_running: Sequence[Ids], weights: Floats) -> float:
    """Return how early a report tells what each of the others tells as well, on average, 0 to 1."""
    terms, firsts = np.unique(mine, return_index=True)
    early = weights[terms] / (1 + firsts / _EARLY_WORDS)
    shares = []
    for theirs in all_running:
        common = np.isin(terms, theirs)
        whole = float(weights[terms[common]].sum())
        if theirs is not mine and whole > 0:
            shares.append(float(early[common].sum()) / whole)
    return sum(shares) / len(shares) if shares else 0.0


def _manner(document: Document) -> float:
    first = lead_sentences(document)[:1]
    dated = any(word.casefold() in DAY_NUMBERS for sentence in first for word in words(sentence))
    return _DATED * dated - _REFLECTING * bool(_REFLECTS.match(document.headline))


def _precedes(document: Document, documents: Sequence[Document]) -> float:
    """Return before which share of the other documents one appeared."""
    later = sum(other.dated_at > document.dated_at for other in documents)
    return later / max(1, len(documents) - 1)
