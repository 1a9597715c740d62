"""Measure the sentence splitter and the cleaning: boundaries on hard cases, CPU an article, debris left.

    python -m benchmarks sentences DATA_FOLDER [HOW_MANY]

The hard cases are the project's own (tests/unit/stories/hard_sentences.txt): the part "blind" was written
before the splitter was run on it. DATA_FOLDER holds summaries/*.jsonl (field document); without it only
the hard cases are measured. Debris is counted by patterns that are not those of the cleaning: articles that
have a kind before, and after it.
"""

import json
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from newsletter.model.documents import ParsedDocument, Span
from newsletter.stories.sentences import document_sentences, split_sentences
from newsletter.stories.text.cleaning import clean_sentences

HARD_CASES = Path(__file__).resolve().parents[1] / "tests" / "unit" / "stories" / "hard_sentences.txt"
_ROUNDS = 3
_DEBRIS = {
    "byline, old header": r"\bBy ?\. [A-Z]|(?:PUBLISHED|UPDATED) ?:|Last updated at",
    "agency tag": r"\A[^.!?]{0,40}\((?:CNN|Reuters|AP|AFP|PTI|WIRED)\)|\((?:Reuters|AP|AFP|PTI)\)\W*\Z",
    "scroll, click, read more": r"(?i)scroll down|click here|\bread (?:more|also) ?:|media playback",
    "contributed, copyright": r"contributed to this (?:report|story|article)|(?i:rights reserved)|(?<!\w)©",
    "picture pointed at": r"\((?:[Pp]ictured|left|right|centre|above|below|file p\w+)[ ,)]",
    "line without a stop": r"[a-z] \.(?= [A-Z]|\Z)",
    "stray stop": r"(?<=[a-z]{2}|.,)\. (?:[a-z]{3,} [a-z])",
    "follow, subscribe": r"Follow @|(?i:subscribe to|sign up for our)",
}


def read_cases(path: Path) -> list[tuple[str, str | None, str, set[int]]]:
    """Return the hard cases: part, language, text, offsets just past each sentence but the last."""
    cases, part = [], ""
    for line in path.read_text("utf-8").splitlines():
        part = line.removeprefix("## ") if line.startswith("## ") else part
        if not line or line.startswith("#"):
            continue
        language = line[1:3] if re.match(r"\[\w\w\] ", line) else None
        marked = (line[5:] if language else line).replace("\\n", "\n")
        text, gold = "", set()
        for piece in re.split(r"( \| |\|)", marked):
            if piece in {" | ", "|"}:
                gold.add(len(text.rstrip()))
            text += {" | ": " ", "|": ""}.get(piece, piece)
        cases.append((part, language, text, gold))
    return cases


def boundary_f1(cases: Sequence[tuple[str, str | None, str, set[int]]]) -> tuple[float, float, float]:
    """Return precision, recall and F1 of inner boundaries over all cases together."""
    right = said = true = 0
    for _, language, text, gold in cases:
        found = {span.end for span in split_sentences(text, language=language)[:-1]}
        right, said, true = right + len(found & gold), said + len(found), true + len(gold)
    return right / said, right / true, 2 * right / (said + true)


def load(path: Path, many: int) -> list[ParsedDocument]:
    documents = []
    for line in path.read_text("utf-8").splitlines()[:many]:
        article = json.loads(line)
        texts = [article["document"]] if "document" in article else article["documents"]
        for text in (text.strip() for text in texts):
            spans = (Span(start=0, end=len(text)),)
            documents.append(
                ParsedDocument(headline="", text=text, paragraphs=spans, content_hash="", language="en")
            )
    return documents


def milliseconds(work: Callable[[ParsedDocument], object], documents: Sequence[ParsedDocument]) -> float:
    """Return the mean CPU of an article, of the best of some rounds."""
    rounds = []
    for _ in range(_ROUNDS):
        started = time.process_time()
        for document in documents:
            work(document)
        rounds.append(time.process_time() - started)
    return 1000 * min(rounds) / len(documents)


def debris(documents: Sequence[ParsedDocument]) -> dict[str, tuple[int, int]]:
    """Return for each kind of debris how many articles have it before the cleaning and after it."""
    counts = dict.fromkeys(_DEBRIS, (0, 0))
    for document in documents:
        told = [sentence.of(document.text) for sentence in clean_sentences(document)]
        for kind, pattern in _DEBRIS.items():
            before, after = counts[kind]
            had = re.search(pattern, document.text) is not None
            has = any(re.search(pattern, sentence) for sentence in told)
            counts[kind] = (before + had, after + has)
    return counts


def main(folder: Path, many: int) -> None:
    cases = read_cases(HARD_CASES)
    for part in (*dict.fromkeys(case[0] for case in cases), "all"):
        chosen = [case for case in cases if part in {case[0], "all"}]
        precision, recall, f1 = boundary_f1(chosen)
        print(f"{part:8}{len(chosen):5} cases  P {precision:.3f}  R {recall:.3f}  F1 {f1:.4f}")
    for path in sorted((folder / "summaries").glob("*.jsonl")):
        documents = load(path, many)
        split = milliseconds(document_sentences, documents)
        cleaned = milliseconds(clean_sentences, documents)
        print(f"\n{path.stem}: {len(documents)} articles")
        print(f"  split {split:.3f} ms an article, cleaning {cleaned - split:.3f} ms on top")
        for kind, (before, after) in debris(documents).items():
            if before:
                print(f"  {kind:26}{before:6} ->{after:5}")


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3}:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 10_000)
