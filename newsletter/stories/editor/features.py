"""What our summarizer looks at: a row of named numbers for each sentence of a document."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from newsletter.stories.sentences import words
from newsletter.stories.sumy import stop_words
from newsletter.stories.text import readability

Floats = npt.NDArray[np.float64]

#: Sentences that are read; what stands further behind in a document is never its news.
SENTENCE_CAP = 250
#: Characters of one sentence that are read.
CHARACTER_CAP = 1000
#: Characters of a headline that are read.
_HEADLINE_CAP = 300
#: Letters of a word that are compared, which does for a stemmer in every language.
_STEM = 6
#: Links between sentences weaker than this do not count for their rank.
_WEAKEST_LINK = 0.1
_DAMPING = 0.85
_ROUNDS = 30

_FIRST_PERSON = frozenset(
    (
        "i", "we", "my", "our", "me", "us", "you", "your", "i'm", "we're", "i've", "we've", "you're", "i'd",
        "ich", "wir", "uns", "mein", "unser", "je", "nous", "mon", "notre", "nos", "yo", "nosotros", "mi",
        "nuestro", "io", "noi", "eu", "nós", "я", "мы", "мой", "наш",
    )
)  # fmt: skip
_SAID = re.compile(
    r"\b(?:said|says|told|added|asked|tweeted|explained|wrote|claim(?:s|ed)?|according|insisted|admitted|"
    r"sagte|erklärte|laut|dit|selon|dijo|según|ha detto|secondo|disse|segundo|сказал\w?|заявил\w?)\b",
    re.IGNORECASE,
)
_QUOTE_MARK = re.compile(r'["“”«»„]')
_QUOTED = re.compile(r'["“„«][^"”“»«]*["”“»]?')
_NUMBER = re.compile(r"\d[\d,.]*")
_TIME = re.compile(
    r"\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|today|yesterday|tonight|last (?:week|month|year|night)|"
    r"this (?:week|month|year|morning))\b",
    re.IGNORECASE,
)

#: The columns of `Description.matrix`, in their order.
FEATURES: tuple[str, ...] = (
    "first", "second", "third", "place", "log_place", "relative_place", "words_before", "sentences",
    "log_words", "words_over_mean", "content_share",
    "likeness", "likeness_before", "likeness_after", "likeness_next", "likeness_previous", "nearest_before",
    "rank", "centroid", "frequency", "phrases", "lead_overlap", "new_words", "words_told_later",
    "headline_overlap", "headline_phrases", "headline_present",
    "numbers", "capitals", "names_introduced", "quotation_marks", "quoted_share", "opens_quotation",
    "first_person", "dangling", "followed_by_dangling", "speech", "time", "question",
    "boilerplate", "end_mark", "commas",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Description:
    """The sentences of a document as the summarizer sees them, `SENTENCE_CAP` of them at the most."""

    #: One row a sentence, one column for each of `FEATURES`.
    matrix: Floats
    #: Words that carry meaning, cut to their stems, in their order.
    content: tuple[tuple[str, ...], ...]
    #: Cosines between the sentences, with zeros on the diagonal.
    likeness: Floats
    #: Words, as `words` finds them.
    word_counts: tuple[int, ...]
    #: Stems of the headline.
    headline: tuple[str, ...]


def describe(sentences: Sequence[str], *, headline: str, language: str | None) -> Description:
    """Describe the sentences of a document.

    Args:
        sentences: All sentences of a document in their order, at least one.
        headline: The document's headline; may be empty.
        language: ISO 639-1 code for stop words; None is taken for English.

    Returns:
        The description of the first `SENTENCE_CAP` sentences.
    """
    stopped = stop_words(language or "en")
    read = [sentence[:CHARACTER_CAP] for sentence in sentences[:SENTENCE_CAP]]
    spelt = [words(sentence) for sentence in read]
    content = tuple(_content(found, stopped) for found in spelt)
    title = _content(words(headline[:_HEADLINE_CAP]), stopped)
    weights = _weights(content)
    likeness = _likeness(weights)
    counts = tuple(len(found) for found in spelt)
    columns = {
        **_of_place(counts),
        **_of_length(counts, content),
        **_of_likeness(likeness, weights),
        **_of_words(content),
        **_of_headline(content, title),
        **_of_form(read, spelt),
    }
    matrix = np.array([columns[name] for name in FEATURES], dtype=np.float64).T
    return Description(
        # Sums come out differently in their last digits on other machines: no choice may hang on those.
        matrix=np.round(matrix, 6),
        content=content,
        likeness=likeness,
        word_counts=counts,
        headline=title,
    )


def _content(found: Sequence[str], stopped: frozenset[str]) -> tuple[str, ...]:
    folded = [word.casefold().replace("’", "'") for word in found]
    told = [word for word in folded if word not in stopped and (len(word) > 1 or not word.isascii())]
    return tuple(word.removesuffix("'s")[:_STEM] for word in told)


def _weights(content: Sequence[Sequence[str]]) -> list[dict[str, float]]:
    """Weigh each sentence's words by how few sentences hold them, to length 1."""
    count = len(content)
    spread = Counter(word for stems in content for word in dict.fromkeys(stems))
    weighed = []
    for stems in content:
        raw = {
            word: times * (math.log((count + 1) / (spread[word] + 1)) + 1)
            for word, times in Counter(stems).items()
        }
        length = math.sqrt(math.fsum(weight * weight for weight in raw.values())) or 1.0
        weighed.append({word: weight / length for word, weight in raw.items()})
    return weighed


def _likeness(weights: Sequence[dict[str, float]]) -> Floats:
    """Return the cosines between sentences; only words of two sentences and more have to be looked at."""
    holders: dict[str, list[int]] = {}
    for index, weighed in enumerate(weights):
        for word in weighed:
            holders.setdefault(word, []).append(index)
    likeness = np.zeros((len(weights), len(weights)))
    for word, indices in holders.items():
        if len(indices) > 1:
            row = np.array([weights[index][word] for index in indices])
            likeness[np.ix_(indices, indices)] += row[:, None] * row
    np.fill_diagonal(likeness, 0.0)
    return likeness


def _of_place(counts: Sequence[int]) -> dict[str, Sequence[float]]:
    count = len(counts)
    before = np.concatenate(([0], np.cumsum(counts)[:-1])) if count else np.zeros(0)
    return {
        "first": [float(i == 0) for i in range(count)],
        "second": [float(i == 1) for i in range(count)],
        "third": [float(i == 2) for i in range(count)],
        "place": [1 / (i + 1) for i in range(count)],
        "log_place": [math.log(i + 1) for i in range(count)],
        "relative_place": [i / max(1, count - 1) for i in range(count)],
        "words_before": np.log1p(before).tolist(),
        "sentences": [math.log(count)] * count,
    }


def _of_length(counts: Sequence[int], content: Sequence[Sequence[str]]) -> dict[str, Sequence[float]]:
    mean = max(1.0, sum(counts) / max(1, len(counts)))
    return {
        "log_words": [math.log(max(1, count)) for count in counts],
        "words_over_mean": [count / mean for count in counts],
        "content_share": [len(stems) / max(1, count) for stems, count in zip(content, counts, strict=True)],
    }


def _of_likeness(likeness: Floats, weights: Sequence[dict[str, float]]) -> dict[str, Sequence[float]]:
    count = len(likeness)
    others = max(1, count - 1)
    beside = np.concatenate((np.diagonal(likeness, 1), [0.0]))
    lower = np.tril(likeness, -1)
    return {
        "likeness": (likeness.sum(axis=1) / others).tolist(),
        "likeness_before": (lower.sum(axis=1) / others).tolist(),
        "likeness_after": (np.triu(likeness, 1).sum(axis=1) / others).tolist(),
        "likeness_next": beside.tolist(),
        "likeness_previous": np.concatenate(([0.0], beside[:-1])).tolist(),
        "nearest_before": lower.max(axis=1).tolist(),
        "rank": _rank(likeness).tolist(),
        "centroid": _centroid(weights),
    }


def _rank(likeness: Floats) -> Floats:
    """Return LexRank: how often one comes by a sentence, going from like to like; 1 on average."""
    count = len(likeness)
    links = np.where(likeness > _WEAKEST_LINK, likeness, 0.0)
    sums = links.sum(axis=1, keepdims=True)
    steps = np.where(sums > 0, links / np.where(sums > 0, sums, 1.0), 1 / count).T
    rank = np.full(count, 1 / count)
    for _ in range(_ROUNDS):
        rank = (1 - _DAMPING) / count + _DAMPING * (steps @ rank)
    return np.asarray(rank * count)


def _centroid(weights: Sequence[dict[str, float]]) -> list[float]:
    """Return each sentence's cosine to the sum of all others."""
    total: dict[str, float] = {}
    for weighed in weights:
        for word, weight in weighed.items():
            total[word] = total.get(word, 0.0) + weight
    square = math.fsum(weight * weight for weight in total.values())
    cosines = []
    for weighed in weights:
        shared = math.fsum(weight * total[word] for word, weight in weighed.items())
        own = math.fsum(weight * weight for weight in weighed.values())
        rest = math.sqrt(max(0.0, square - 2 * shared + own))
        cosines.append((shared - own) / rest if rest > 1e-9 else 0.0)
    return cosines


def _of_words(content: Sequence[Sequence[str]]) -> dict[str, Sequence[float]]:
    counts = Counter(word for stems in content for word in stems)
    total = max(1, counts.total())
    pairs = Counter(pair for stems in content for pair in pairwise(stems))
    repeated = frozenset(pair for pair, times in pairs.items() if times > 1)
    last = {word: index for index, stems in enumerate(content) for word in stems}
    lead = frozenset(content[0]) if content else frozenset()
    told: set[str] = set()
    rows: dict[str, list[float]] = {
        "frequency": [], "phrases": [], "lead_overlap": [], "new_words": [], "words_told_later": []
    }  # fmt: skip
    for index, stems in enumerate(content):
        own = frozenset(stems)
        size = max(1, len(own))
        rows["frequency"].append(sum(counts[word] for word in stems) / total / max(1, len(stems)) * 50)
        held = sum(pair in repeated for pair in pairwise(stems))
        rows["phrases"].append(held / max(1, len(stems) - 1))
        rows["lead_overlap"].append(len(own & lead) / size if index else 0.0)
        rows["new_words"].append(len(own - told) / size)
        rows["words_told_later"].append(sum(last[word] > index for word in own) / size)
        told |= own
    return dict(rows)


def _of_headline(content: Sequence[Sequence[str]], headline: Sequence[str]) -> dict[str, Sequence[float]]:
    title = frozenset(headline)
    phrases = frozenset(pairwise(headline))
    return {
        "headline_overlap": [len(title.intersection(stems)) / max(1, len(title)) for stems in content],
        "headline_phrases": [
            len(phrases.intersection(pairwise(stems))) / max(1, len(phrases)) for stems in content
        ],
        "headline_present": [float(bool(title))] * len(content),
    }


def _of_form(sentences: Sequence[str], spelt: Sequence[Sequence[str]]) -> dict[str, Sequence[float]]:
    introduced = readability.surnames_introduced(sentences)
    names = Counter(introduced.values())
    dangling = [readability.opens_dangling(sentence) for sentence in sentences]
    sizes = [max(1, len(found)) for found in spelt]
    return {
        "numbers": [float(min(3, len(_NUMBER.findall(sentence)))) for sentence in sentences],
        "capitals": [
            sum(word[0].isupper() for word in found[1:]) / size
            for found, size in zip(spelt, sizes, strict=True)
        ],
        "names_introduced": [float(min(3, names[index])) for index in range(len(sentences))],
        "quotation_marks": [float(bool(_QUOTE_MARK.search(sentence))) for sentence in sentences],
        "quoted_share": [
            sum(map(len, _QUOTED.findall(sentence))) / max(1, len(sentence)) for sentence in sentences
        ],
        "opens_quotation": [float(sentence[:1] in "\"“‘'„«") for sentence in sentences],
        "first_person": [
            float(min(3, sum(word.casefold().replace("’", "'") in _FIRST_PERSON for word in found)))
            for found in spelt
        ],
        "dangling": [float(found) for found in dangling],
        "followed_by_dangling": [float(found) for found in [*dangling[1:], False]],
        "speech": [float(bool(_SAID.search(sentence))) for sentence in sentences],
        "time": [float(bool(_TIME.search(sentence))) for sentence in sentences],
        "question": [float(readability.is_question(sentence)) for sentence in sentences],
        "boilerplate": [float(readability.is_boilerplate(sentence)) for sentence in sentences],
        "end_mark": [float(not readability.lacks_end_mark(sentence)) for sentence in sentences],
        "commas": [float(min(4, sentence.count(","))) for sentence in sentences],
    }
