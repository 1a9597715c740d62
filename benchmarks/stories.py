"""Measure how well documents of one event are found, on ECB+.

    python benchmarks/stories.py DATA_FOLDER

DATA_FOLDER holds stories/ecbplus_dev.jsonl (fields id, label, text); without it nothing is measured.
"""

import json
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

from newsletter.model.documents import Document, Span
from newsletter.model.stories import GroupingRules
from newsletter.stories.group import group_documents

SEEN = datetime(2031, 1, 1, tzinfo=UTC)
CUTOFFS = (0.12, 0.14, 0.16, 0.18, 0.20, 0.22, 0.24)


def load(path: Path) -> tuple[list[Document], dict[int, str]]:
    """Read the documents, and the gold label of each document's id."""
    documents, labels = [], {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        row = json.loads(line)
        text = row["text"].strip()
        labels[number] = row["label"]
        documents.append(
            Document(
                id=number, headline="", text=text, paragraphs=(Span(start=0, end=len(text)),),
                content_hash=str(number), language="en", first_seen_at=SEEN,
            )
        )  # fmt: skip
    return documents, labels


def group(documents: Sequence[Document], cutoff: float = 0.18) -> list[tuple[Document, ...]]:
    rules = GroupingRules(story_cutoff=cutoff)
    return [group.documents for group in group_documents(documents, rules=rules)]


def b_cubed(groups: Sequence[Sequence[Document]], labels: dict[int, str]) -> tuple[float, float, float]:
    """Return B-cubed precision, recall and F1 (Bagga and Baldwin 1998)."""
    gold = Counter(labels[document.id] for group in groups for document in group)
    size = sum(gold.values())
    precision = recall = 0.0
    for group in groups:
        for label, count in Counter(labels[document.id] for document in group).items():
            precision += count * count / len(group) / size
            recall += count * count / gold[label] / size
    return precision, recall, 2 * precision * recall / (precision + recall)


def batches(
    documents: Sequence[Document], labels: dict[int, str], *, size: int, count: int, twins: bool
) -> Iterator[list[Document]]:
    """Draw batches such as one folder gets in a day; with twins, look-alike events stand side by side."""
    dice = random.Random(7)
    by_label: dict[str, list[Document]] = defaultdict(list)
    for document in documents:
        by_label[labels[document.id]].append(document)
    topics = sorted({label.split("_")[0] for label in by_label})
    for _ in range(count):
        dice.shuffle(topics)
        chosen: list[Document] = []
        for topic in topics:
            events = [label for label in sorted(by_label) if label.split("_")[0] == topic]
            for label in events if twins else [dice.choice(events)]:
                wanted = min(len(by_label[label]), dice.choice([1, 1, 1, 2, 2, 3, 4, 6]))
                chosen += dice.sample(by_label[label], wanted)
        yield chosen[:size]


def pairs(documents: Sequence[Document], labels: dict[int, str]) -> tuple[float, float, float]:
    """Return how often two documents alone are joined: of one event, of look-alikes, of unrelated events."""
    joined: dict[str, list[bool]] = defaultdict(list)
    drawn = random.Random(3).sample(list(combinations(documents, 2)), 6000)
    same = [p for p in combinations(documents, 2) if labels[p[0].id] == labels[p[1].id]]
    for one, other in drawn + random.Random(4).sample(same, 600):
        left, right = labels[one.id], labels[other.id]
        near = "twin" if left.split("_")[0] == right.split("_")[0] else "unrelated"
        joined["same" if left == right else near].append(len(group([one, other])) == 1)
    return tuple(sum(joined[kind]) / max(1, len(joined[kind])) for kind in ("same", "twin", "unrelated"))  # type: ignore[return-value]


def main(folder: Path) -> None:
    path = folder / "stories" / "ecbplus_dev.jsonl"
    if not path.is_file():
        print(f"skipped: {path} is missing")
        return
    documents, labels = load(path)
    print(f"{len(documents)} documents, {len(set(labels.values()))} events")
    print(f"{'batch':18}{'cut-off':>8}{'P':>7}{'R':>7}{'F1':>7}{'CPU s':>8}")
    for cutoff in CUTOFFS:
        started = time.process_time()
        groups = group(documents, cutoff)
        seconds = time.process_time() - started
        print(
            f"{'all':18}{cutoff:8.2f}"
            + "".join(f"{x:7.3f}" for x in b_cubed(groups, labels))
            + f"{seconds:8.2f}"
        )
    for size in (5, 10, 20, 60):
        for twins in (False, True):
            scores = [
                b_cubed(group(batch), labels)
                for batch in batches(documents, labels, size=size, count=60, twins=twins)
            ]
            means = [sum(column) / len(scores) for column in zip(*scores, strict=True)]
            print(
                f"{f'{size}, twins' if twins else str(size):18}{0.18:8.2f}"
                + "".join(f"{x:7.3f}" for x in means)
            )
    same, twin, unrelated = pairs(documents, labels)
    print(
        f"two documents alone are joined: one event {same:.1%}, twins {twin:.1%}, unrelated {unrelated:.2%}"
    )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]))
