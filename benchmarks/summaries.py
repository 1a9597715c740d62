"""Measure the summarizers: share of summaries with a defect that a reader notices, and seconds per document.

    python benchmarks/summaries.py DATA_FOLDER [HOW_MANY]

DATA_FOLDER holds summaries/cnndm_dev.jsonl (field document); without it nothing is measured. The checks
are those that the choice of sentences uses, made again over the finished summary: the figures show what
could not be avoided, not how good the checks are. "raw" is the summarizer's first three sentences without
the choice.
"""

import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

from newsletter.model.documents import ParsedDocument, Span
from newsletter.stories.sentences import document_sentences
from newsletter.stories.summarize import SUMMARIZER_NAMES, get_summarizer, summarize
from newsletter.stories.sumy import stop_words
from newsletter.stories.text import readability


def load(path: Path, many: int) -> list[ParsedDocument]:
    documents = []
    for line in path.read_text("utf-8").splitlines()[:many]:
        text = json.loads(line)["document"].strip()
        spans = (Span(start=0, end=len(text)),)
        documents.append(
            ParsedDocument(headline="", text=text, paragraphs=spans, content_hash="", language="en")
        )
    return documents


def defects(sentences: Sequence[str], chosen: Sequence[int]) -> set[str]:
    """Return the kinds of defect of a summary, given all sentences of the document and the chosen ones."""
    told = [sentences[index] for index in chosen]
    found = {
        kind
        for kind, check in (
            ("fragment", readability.is_fragment),
            ("boilerplate", readability.is_boilerplate),
            ("half quotation", readability.has_half_quotation),
            ("over 45 words", readability.is_overlong),
            ("no end mark", readability.lacks_end_mark),
        )
        if any(map(check, told))
    }
    if any(i and i - 1 not in chosen and readability.opens_dangling(sentences[i]) for i in chosen):
        found.add("dangling")
    contents = [readability.content_words(sentence, stop_words("en")) for sentence in told]
    if any(readability.nearly_same(one, other) for one, other in combinations(contents, 2)):
        found.add("said twice")
    introduced = readability.surnames_introduced(sentences)
    known: set[str] = set()
    for index in chosen:
        known |= readability.full_names_in(sentences[index])
        if any(
            introduced.get(name, index) < index for name in readability.surnames_in(sentences[index]) - known
        ):
            found.add("bare surname")
    return found


def measure(name: str, documents: Sequence[ParsedDocument]) -> str:
    """Return the table's line for one summarizer."""
    kinds: Counter[str] = Counter()
    seconds, words, flawed, flawed_raw = [], [], 0, 0
    for document in documents:
        started = time.process_time()
        summary = summarize(document, summarizer=name)
        seconds.append(time.process_time() - started)
        words.append(summary.word_count)
        spans = document_sentences(document)
        texts = [span.of(document.text) for span in spans]
        found = defects(texts, [spans.index(sentence.span) for sentence in summary.sentences])
        kinds.update(found)
        flawed += bool(found)
        raw = get_summarizer(name).rank(texts, language="en", headline="")[:3]
        flawed_raw += bool(defects(texts, sorted(raw)))
    share, share_raw = flawed / len(documents), flawed_raw / len(documents)
    worst = ", ".join(f"{kind} {count / len(documents):.0%}" for kind, count in kinds.most_common(3))
    return (
        f"{name:10}{share:8.1%}{share_raw:8.1%}{statistics.mean(words):7.0f}"
        f"{1000 * statistics.median(seconds):9.1f}{1000 * max(seconds):9.1f}  {worst}"
    )


def main(folder: Path, many: int) -> None:
    path = folder / "summaries" / "cnndm_dev.jsonl"
    if not path.is_file():
        print(f"skipped: {path} is missing")
        return
    documents = load(path, many)
    for name in SUMMARIZER_NAMES:
        summarize(documents[0], summarizer=name)  # imports are not part of the measure
    print(f"{len(documents)} documents")
    print(f"{'name':10}{'flawed':>8}{'raw':>8}{'words':>7}{'med ms':>9}{'max ms':>9}  most frequent")
    for name in SUMMARIZER_NAMES:
        print(measure(name, documents), flush=True)


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3}:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 10_000)
