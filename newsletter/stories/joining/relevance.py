"""What a short summary may add to the leading report: what bears on the event, and nothing beside it."""

import re
from collections import defaultdict
from collections.abc import Set

from newsletter.stories.joining.counted import find_figures
from newsletter.stories.joining.matters import MONTHS, WEEKDAYS
from newsletter.stories.joining.pool import Pool, PooledSentence
from newsletter.stories.sumy import stop_words
from newsletter.stories.text import readability
from newsletter.stories.text.tables import by_word

#: Sentences of the leading report that say what happened.
_OPENING = 2
#: Words of the event that a sentence must hold to bear on it, and how many of these are no names: a town is
#: named in much that has nothing to do with what happened there.
_SHARED_WORDS, _SHARED_NOUNS = 2, 1
#: With fewer words than these it must stand at the beginning of its report, where the news is.
_SHARED_ANYWHERE, _BEGINNING = 3, 2
#: Years back from which what happened is background, unless it is what a record is measured by.
_LONG_AGO = 10

#: What advice for those who live there or travel through is about: no aside where the leading report begins
#: with it.
_SERVICE = by_word(
    {
        "bus": "bus buses coach coaches shuttle",
        "tram": "tram trams",
        "ferry": "ferry ferries",
        "rail": "rail railway train trains",
        "detour": "detour detours",
        "ticket": "ticket tickets refund refunds timetable hotline",
        "parking": "parking",
        "school": "school schools lessons",
        "visit": "visitor visitors",
        "water": "boil",
    }
)
_PLACES = "cit(?:y|ies)|countr(?:y|ies)|towns?|regions?|places?|airports?|parts?"
_ELSEWHERE = re.compile(
    rf"\b(?:neighbou?ring|elsewhere|(?:other|another) (?:{_PLACES})"
    r"|(?:kilomet(?:re|er)s?|miles?) (?:away|further|north|south|east|west))\b",
    re.IGNORECASE,
)
_PORTRAIT = re.compile(
    r"\b(?:was|were) (?:born|founded|built|established)\b|\bgrew up\b|\bis (?:also |best )?known for\b"
    r"|\btook office\b|\bwon (?:a |two |several )?(?:prize|award)|\b(?:has|have) covered\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<!since )(?<!\d)(?:1[5-9]|20)\d\d\b(?![.,]?\d)")
_SPEAKS = re.compile(r"^[\"“„«]")


#: As content words are cut.
_SERVICE_BY_STEM = {word[:7]: name for word, name in _SERVICE.items()}
_DAYS = frozenset(word[:7] for word in MONTHS | WEEKDAYS)


def relevant_sentences(pool: Pool) -> frozenset[int]:
    """Return the sentences, by where they stand in the pool, that bear on the event.

    A sentence bears on the event if it holds words of it: of a headline, or of how the leading report
    begins; one of these at least must be another report's. One that says what something cost, or what became
    of how many, needs one such word only. What is beside the point does not count, whatever words it holds:
    advice to travellers and neighbours, other places, the distant past, portraits, and what somebody says in
    so many words.
    """
    told_by = _event_words(pool)
    event = frozenset(told_by)
    leading = frozenset(word for word in event if 0 in told_by[word])
    names = _names(pool)

    def bears(sentence: PooledSentence) -> bool:
        """Tell whether a sentence bears on the event, and is no aside."""
        elsewhere = any(told_by[word] - {sentence.document} for word in sentence.content & event)
        return elsewhere and _bears(pool, sentence, event, names) and not _is_aside(pool, sentence, leading)

    return frozenset(index for index, sentence in enumerate(pool.sentences) if bears(sentence))


def _event_words(pool: Pool) -> dict[str, set[int]]:
    """Return the words of all headlines and of the leading report's first sentences, folded and cut.

    Of a report without a headline its first sentence says what it is about.

    Returns:
        For each word in which documents of the pool it stands there.
    """
    found: defaultdict[str, set[int]] = defaultdict(set)
    for number, document in enumerate(pool.documents):
        words = set(readability.content_words(document.headline, stop_words(document.language or "en")))
        read = _OPENING if number == 0 else 0 if document.headline else 1
        for index in pool.indices_of(number)[:read]:
            words |= pool.sentences[index].content
        for word in words:
            if word not in _DAYS and not word[0].isdigit():
                found[word].add(number)
    return dict(found)


def _names(pool: Pool) -> frozenset[str]:
    """Return the words that never begin with a small letter; in German that shows no name."""
    seen: set[str] = set()
    small: set[str] = set()
    for sentence in pool.sentences:
        if (pool.documents[sentence.document].language or "").startswith("de"):
            continue
        for word in re.findall(r"[^\W\d_]+", sentence.text):
            (seen if word[0].isupper() else small).add(word.casefold()[:7])
    return frozenset(seen - small)


def _bears(pool: Pool, sentence: PooledSentence, event: Set[str], names: Set[str]) -> bool:
    shared = sentence.content & event
    needed = _SHARED_WORDS if sentence.position < _BEGINNING else _SHARED_ANYWHERE
    if len(shared) >= needed and len(shared - names) >= _SHARED_NOUNS:
        return True
    language = pool.documents[sentence.document].language
    return bool(shared) and any(
        figure.usable and figure.matter for figure in find_figures(sentence.text, language=language)
    )


def _is_aside(pool: Pool, sentence: PooledSentence, leading: Set[str]) -> bool:
    text = sentence.text
    if _services(sentence.content) - _services(leading):
        return True
    if _ELSEWHERE.search(text) or _PORTRAIT.search(text) or _SPEAKS.search(text):
        return True
    now = pool.documents[sentence.document].dated_at.year
    return any(int(year) <= now - _LONG_AGO for year in _YEAR.findall(text))


def _services(words: Set[str]) -> set[str]:
    return {_SERVICE_BY_STEM[word] for word in words if word in _SERVICE_BY_STEM}
