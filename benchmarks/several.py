"""Measure summaries of several documents on one event: ROUGE beside sumy's algorithms and the lead.

    python -m benchmarks several DATA_FOLDER [HOW_MANY]

DATA_FOLDER, or its subfolder summaries, holds multinews*.jsonl (220 words, one reference) and
multiling*.jsonl (240 words, several references: the mean over them), with the fields documents and summary
or summaries. ROUGE-1 and -2 are F1 by rouge-score with stemmer, of texts cut at the same number of words.

"ours" is what the product calls (`summarize_several`). sumy's algorithms rank the sentences of all documents
together, without the bounds that the product sets for them (kl, whose time grows with the square, reads the
first hundreds). "lead" is the beginning of the first document. Ours less the best of sumy, chosen for each
measure, comes with an interval of 95 % from a paired bootstrap over the clusters. A summary is "flawed" where
a sentence is a fragment, a caption or the like, half a quotation, over long, without an end mark, or said
twice.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import mean
from unittest import mock

import numpy as np
import numpy.typing as npt

from benchmarks.rouge import f_measure, grams, tokens
from newsletter.model.documents import Document, Span
from newsletter.stories import sumy
from newsletter.stories.several import summarize_several
from newsletter.stories.text import readability
from newsletter.stories.text.cleaning import clean_sentences

#: Words of a summary, by how a file's name begins.
WORD_LIMITS = {"multinews": 220, "multiling": 240}
_RESAMPLES = 5_000
_SEED = 11
_UNBOUNDED = 1_000_000
#: Sentences that kl reads.
_KL_SENTENCES = 200


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Documents on one event and what people made of them."""

    documents: tuple[Document, ...]
    references: tuple[str, ...]

    @property
    def sentences(self) -> list[str]:
        """The sentences of all documents, as the product reads them."""
        return [each.of(document.text) for document in self.documents for each in clean_sentences(document)]


def read_clusters(path: Path, many: int) -> list[Cluster]:
    """Read the first clusters of a file."""
    clusters = []
    for line in path.read_text("utf-8").splitlines()[:many]:
        row = json.loads(line)
        told = row["summaries"] if "summaries" in row else ["\n".join(row["summary"])]
        texts = [text.strip() for text in row["documents"] if text.strip()]
        documents = tuple(_document(number, text) for number, text in enumerate(texts))
        clusters.append(Cluster(documents=documents, references=tuple(told)))
    return clusters


def _document(number: int, text: str) -> Document:
    return Document(
        id=number,
        headline="",
        text=text,
        paragraphs=(Span(start=0, end=len(text)),),
        content_hash=str(number),
        source=f"Source {number}",
        language="en",
        first_seen_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def ours(cluster: Cluster, word_limit: int) -> list[str]:
    summary = summarize_several(cluster.documents, sentence_count=None, word_limit=word_limit)
    return [sentence.text for sentence in summary.sentences]


def lead(cluster: Cluster, word_limit: int) -> list[str]:  # noqa: ARG001 - the cut comes later
    first = cluster.documents[0]
    return [sentence.of(first.text) for sentence in clean_sentences(first)]


def by_sumy(cluster: Cluster, word_limit: int, *, name: str) -> list[str]:
    """Return the best sentences that fit, in source order."""
    sentences = cluster.sentences
    ranked = sumy.SumySummarizer(name=name).rank(sentences, language="en", headline="")
    chosen: list[int] = []
    for index in ranked:
        if sum(len(sentences[at].split()) for at in [*chosen, index]) <= word_limit:
            chosen.append(index)
    return [sentences[index] for index in sorted(chosen)]


@contextmanager
def without_bounds() -> Iterator[None]:
    """Let sumy's algorithms read whole clusters."""
    everything = {
        name: replace(algorithm, cap=replace(algorithm.cap, sentences=_UNBOUNDED, words=_UNBOUNDED))
        for name, algorithm in sumy.ALGORITHMS.items()
    }
    slow = everything["kl"]
    everything["kl"] = replace(slow, cap=replace(slow.cap, sentences=_KL_SENTENCES))
    with mock.patch.object(sumy, "ALGORITHMS", everything):
        yield


def scores(text: str, references: Sequence[str]) -> tuple[float, float]:
    """Return ROUGE-1 and ROUGE-2 of a text, each the mean over the references, in percent."""
    told, wanted = tokens(text), [tokens(reference) for reference in references]
    one, two = (
        100 * mean(f_measure(grams(told, size), grams(reference, size)) for reference in wanted)
        for size in (1, 2)
    )
    return one, two


def flawed(sentences: Sequence[str]) -> bool:
    """Return whether a reader notices something amiss in one of the sentences or in their sequence."""
    checks: tuple[Callable[[str], bool], ...] = (
        readability.is_fragment,
        readability.is_boilerplate,
        readability.has_half_quotation,
        readability.is_overlong,
        readability.lacks_end_mark,
    )
    contents = [readability.content_words(each, sumy.stop_words("en")) for each in sentences]
    twice = any(
        readability.nearly_same(content, other)
        for at, content in enumerate(contents)
        for other in contents[:at]
    )
    return twice or any(check(sentence) for sentence in sentences for check in checks)


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """What one way to summarise reached on each cluster."""

    #: A row for each cluster: ROUGE-1, ROUGE-2.
    rouge: npt.NDArray[np.float64]
    #: Share of summaries with a defect.
    flawed: float
    #: Mean words of a summary.
    words: float
    #: Mean CPU of a cluster.
    seconds: float


def measure(
    way: Callable[[Cluster, int], list[str]], clusters: Sequence[Cluster], word_limit: int
) -> Measured:
    """Summarise every cluster in one way."""
    started = time.process_time()
    summaries = [way(cluster, word_limit) for cluster in clusters]
    seconds = time.process_time() - started
    texts = [" ".join(" ".join(told).split()[:word_limit]) for told in summaries]
    rows = [scores(text, cluster.references) for text, cluster in zip(texts, clusters, strict=True)]
    return Measured(
        rouge=np.array(rows),
        flawed=mean(map(flawed, summaries)),
        words=mean(len(text.split()) for text in texts),
        seconds=seconds / len(clusters),
    )


def interval(differences: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Return the 95 % interval of the mean, from a bootstrap over the clusters."""
    drawn = np.random.default_rng(_SEED).integers(len(differences), size=(_RESAMPLES, len(differences)))
    low, high = np.percentile(differences[drawn].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def compare(found: Mapping[str, Measured]) -> Iterator[str]:
    """Tell how ours differs from the best of sumy in each measure, and from the lead."""
    for column, name in enumerate(("R-1", "R-2")):
        best = max(sumy.ALGORITHMS, key=lambda each: float(found[each].rouge[:, column].mean()))
        for peer in (best, "lead"):
            differences = found["ours"].rouge[:, column] - found[peer].rouge[:, column]
            low, high = interval(differences)
            yield f"{name} over {peer}: {differences.mean():+.2f} [{low:+.2f}, {high:+.2f}]"


def main(folder: Path, many: int) -> None:
    paths = sorted(path for place in (folder, folder / "summaries") for path in place.glob("multi*.jsonl"))
    known = [path for path in paths if path.name.startswith(tuple(WORD_LIMITS))]
    if not known:
        print(f"skipped: no multinews*.jsonl or multiling*.jsonl in {folder}")
    ways: dict[str, Callable[[Cluster, int], list[str]]] = {"ours": ours, "lead": lead}
    ways |= {name: partial(by_sumy, name=name) for name in sumy.ALGORITHMS}
    for path in known:
        word_limit = WORD_LIMITS[next(name for name in WORD_LIMITS if path.name.startswith(name))]
        clusters = read_clusters(path, many)
        print(f"\n{path.stem}: {len(clusters)} clusters, {word_limit} words")
        print(f"{'way':10}{'R-1':>7}{'R-2':>7}{'words':>7}{'flawed':>8}{'s':>7}")
        found: dict[str, Measured] = {}
        for name, way in ways.items():
            with without_bounds():
                found[name] = one = measure(way, clusters, word_limit)
            first, second = one.rouge.mean(axis=0)
            print(
                f"{name:10}{first:7.2f}{second:7.2f}{one.words:7.0f}{one.flawed:8.0%}{one.seconds:7.2f}",
                flush=True,
            )
        print("\n".join(compare(found)))


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3}:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 10_000)
