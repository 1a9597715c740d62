"""Days of made-up news of any size, to measure how grouping grows.

No text of anybody goes in: common words are drawn as often as news holds them, the rest are invented
syllables.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from newsletter.model.documents import Document, Span
from newsletter.stories.text.background import commonness

DAY = datetime(2031, 5, 4, tzinfo=UTC)
KINDS = 60
#: One document in so many is a copy of another with a word changed here and there.
COPIES = 12
SYLLABLES = tuple(sorted({a + b for a in "bdgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "or")}))


def news_day(count: int, *, seed: int = 5) -> list[tuple[Document, int]]:
    """Return documents of one day, each with the number of its event.

    Events have one to some dozens of reports; they share the words of their kind, and seldom names.

    Args:
        count: How many documents.
        seed: For the same day again.
    """
    dice = random.Random(seed)
    shares = commonness()
    common = sorted(shares)
    weights = list(accumulate(shares[word] for word in common))
    kinds = [[_word(dice, 3) for _ in range(40)] for _ in range(KINDS)]
    rare = [_word(dice, dice.choice((2, 3, 4))) for _ in range(20_000)]
    made: list[tuple[Document, int]] = []
    for event, size in enumerate(_sizes(count, dice)):
        kind = dice.choice(kinds)
        names = [_word(dice, dice.choice((2, 3))).title() for _ in range(14)] + [
            str(dice.randrange(11, 5000)) for _ in range(5)
        ]
        told = dice.sample(rare, 25)
        for _ in range(size):
            if made and made[-1][1] == event and dice.randrange(COPIES) == 0:
                text = _copied(made[-1][0].body, dice)
            else:
                text = _report(dice, common, weights, kind, names, told)
            made.append((_document(len(made) + 1, text, dice), event))
    return made


def _sizes(count: int, dice: random.Random) -> Iterator[int]:
    left = count
    while left > 0:
        size = min(left, dice.choice((1, 1, 1, 1, 2, 2, 3, 4, 6, 10, 25)))
        left -= size
        yield size


def _word(dice: random.Random, syllables: int) -> str:
    return "".join(dice.choice(SYLLABLES) for _ in range(syllables))


def _report(
    dice: random.Random,
    common: list[str],
    weights: list[float],
    kind: list[str],
    names: list[str],
    told: list[str],
) -> str:
    # What an event is about, all its reports name.
    own = names[:4] + dice.sample(names[4:], 8)
    sentences = []
    for place in range(dice.randrange(8, 25)):
        found = dice.choices(common, cum_weights=weights, k=10) + dice.sample(kind, 3)
        found += dice.sample(told, 2) + dice.sample(own[:6] if place < 3 else own, 2)
        dice.shuffle(found)
        sentence = " ".join(found)
        # `str.capitalize` would take the names' capitals away.
        sentences.append(f"{sentence[0].upper()}{sentence[1:]}.")
    return " ".join(sentences)


def _copied(text: str, dice: random.Random) -> str:
    found = text.split()
    found[dice.randrange(len(found))] = "indeed"
    return " ".join(found)


def _document(number: int, text: str, dice: random.Random) -> Document:
    headline = text.partition(".")[0][:70]
    start = len(headline) + 2
    return Document(
        id=number, headline=headline, text=f"{headline}\n\n{text}",
        paragraphs=(Span(start=start, end=start + len(text)),), content_hash=str(number), language="en",
        first_seen_at=DAY + timedelta(seconds=dice.randrange(86_400)),
    )  # fmt: skip
