"""Measure how well documents of one event are found: on ECB+, on look-alike events, and on large days.

    python -m benchmarks stories DATA_FOLDER [--scale [DOCUMENTS ...]]

DATA_FOLDER holds ecbplus*.jsonl (fields id, topic, label, text), itself or in its folder stories; without it
only the look-alike events are measured, which come from this project's own tests. Cut-offs are chosen on
other topics than they are tested on; the shipped one stands beside. With --scale, made-up days of 1,000,
3,000 and 10,000 documents are grouped, or of the sizes given, each in a process of its own.
"""

import json
import multiprocessing
import random
import resource
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

from benchmarks.invented import news_day
from newsletter.model.documents import Document, Span
from newsletter.model.stories import GroupingRules
from newsletter.stories.group import group_documents

SEEN = datetime(2031, 1, 1, tzinfo=UTC)
SHIPPED = GroupingRules().story_cutoff
CUTOFFS = (0.11, 0.13, 0.15, 0.17, 0.19, 0.21)
BATCH_SIZES = (5, 10, 20, 60)
BATCHES = 40
SCALES = (1_000, 3_000, 10_000)
SETS = Path(__file__).parent.parent / "tests" / "unit" / "stories"
#: Kinds of look-alike events in the first set that were written before the likeness was weighed.
WRITTEN_BEFORE = 15

Labels = dict[int, str]
#: Reports by kind of event and by key.
LookAlikes = dict[str, dict[str, Document]]


@dataclass(frozen=True, kw_only=True)
class Score:
    """Precision and recall, B-cubed (Bagga and Baldwin 1998) and of pairs."""

    precision: float
    recall: float
    pair_precision: float
    pair_recall: float

    @property
    def f1(self) -> float:
        """B-cubed."""
        return _f1(self.precision, self.recall)

    def __str__(self) -> str:
        pairs = (self.pair_precision, self.pair_recall, _f1(self.pair_precision, self.pair_recall))
        return " ".join(f"{value:7.3f}" for value in (self.precision, self.recall, self.f1, *pairs))


HEADER = f"{'':36}{'cut-off':>8} {'B3 P':>7} {'R':>7} {'F1':>7} {'pairs P':>7} {'R':>7} {'F1':>7}"


def load(path: Path) -> tuple[list[Document], Labels]:
    """Read the documents, and the gold label of each document's id."""
    documents, labels = [], {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        row = json.loads(line)
        labels[number] = row["label"]
        documents.append(_document(number, "", [row["text"].strip()], "en"))
    return documents, labels


def _document(number: int, headline: str, paragraphs: Sequence[str], language: str) -> Document:
    text, spans = headline, []
    for paragraph in paragraphs:
        start = len(text) + 2 if text else 0
        spans.append(Span(start=start, end=start + len(paragraph)))
        text = f"{text}\n\n{paragraph}" if text else paragraph
    return Document(
        id=number, headline=headline, text=text, paragraphs=tuple(spans), content_hash=str(number),
        language=language, first_seen_at=SEEN,
    )  # fmt: skip


def group(documents: Sequence[Document], cutoff: float = SHIPPED) -> list[tuple[Document, ...]]:
    rules = GroupingRules(story_cutoff=cutoff)
    return [group.documents for group in group_documents(documents, rules=rules)]


def rate(groups: Sequence[Sequence[Document]], labels: Labels) -> Score:
    gold = Counter(labels[document.id] for each in groups for document in each)
    size = sum(gold.values())
    precision = recall = 0.0
    common = 0
    for each in groups:
        for label, count in Counter(labels[document.id] for document in each).items():
            precision += count * count / len(each) / size
            recall += count * count / gold[label] / size
            common += count * (count - 1) // 2
    found = sum(len(each) * (len(each) - 1) // 2 for each in groups)
    true = sum(count * (count - 1) // 2 for count in gold.values())
    return Score(
        precision=precision, recall=recall,
        pair_precision=common / found if found else 1.0, pair_recall=common / true if true else 1.0,
    )  # fmt: skip


def mean(scores: Sequence[tuple[Score, float]]) -> Score:
    """Return the mean of scores with their weights."""
    whole = sum(weight for _, weight in scores)
    return Score(**{
        name: sum(getattr(score, name) * weight for score, weight in scores) / whole
        for name in ("precision", "recall", "pair_precision", "pair_recall")
    })  # fmt: skip


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def topics_of(labels: Labels) -> list[str]:
    return sorted({label.split("_")[0] for label in labels.values()}, key=lambda topic: (len(topic), topic))


def folds(topics: Sequence[str], count: int) -> list[set[str]]:
    """Return disjoint sets of topics, drawn once and for all."""
    drawn = random.Random(11).sample(list(topics), len(topics))
    return [set(drawn[number::count]) for number in range(count)]


def best_cutoff(measure: Callable[[float], Score]) -> float:
    """Return the cut-off of the best B-cubed F1; of several, the one in their middle."""
    scores = {cutoff: round(measure(cutoff).f1, 4) for cutoff in CUTOFFS}
    best = [cutoff for cutoff in CUTOFFS if scores[cutoff] == max(scores.values())]
    return best[len(best) // 2]


def measure_whole(documents: Sequence[Document], labels: Labels) -> None:
    print(HEADER)
    for cutoff in CUTOFFS:
        started = time.process_time()
        groups = group(documents, cutoff)
        seconds = time.process_time() - started
        name = "all" if cutoff != SHIPPED else "all, shipped"
        print(f"{name:36}{cutoff:8.2f} {rate(groups, labels)}   {seconds:.2f} s CPU")
    for count in (2, 5):
        parts = folds(topics_of(labels), count)
        scores, cutoffs = [], []
        for tested in parts:
            inner = [d for d in documents if labels[d.id].split("_")[0] in tested]
            outer = [d for d in documents if labels[d.id].split("_")[0] not in tested]
            cutoff = best_cutoff(lambda cutoff, outer=outer: rate(group(outer, cutoff), labels))
            cutoffs.append(cutoff)
            scores.append((rate(group(inner, cutoff), labels), len(inner)))
        name = f"topics in {count} parts, others' cut-off"
        print(f"{name:36}{'':8} {mean(scores)}   {_listed(cutoffs)}")


def batches(
    documents: Sequence[Document], labels: Labels, *, size: int, count: int, twins: bool
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


def measure_batches(documents: Sequence[Document], labels: Labels) -> None:
    halves = folds(topics_of(labels), 2)
    for size in BATCH_SIZES:
        for twins in (False, True):
            name = f"{BATCHES} batches of {size}{', twins' if twins else ''}"
            drawn = list(batches(documents, labels, size=size, count=BATCHES, twins=twins))
            shipped = mean([(rate(group(batch), labels), 1) for batch in drawn])
            print(f"{name:36}{SHIPPED:8.2f} {shipped}")
            parts = [
                list(
                    batches(
                        [d for d in documents if labels[d.id].split("_")[0] in half], labels,
                        size=size, count=BATCHES // 2, twins=twins,
                    )
                )
                for half in halves
            ]  # fmt: skip
            scores, cutoffs = [], []
            for tested, other in (parts, parts[::-1]):
                cutoff = best_cutoff(lambda cutoff, other=other: _mean_of(other, labels, cutoff))
                cutoffs.append(cutoff)
                scores.append((_mean_of(tested, labels, cutoff), 1.0))
            print(f"{'  other topics’ cut-off':36}{'':8} {mean(scores)}   {_listed(cutoffs)}")


def _listed(cutoffs: Sequence[float]) -> str:
    return "cut-offs " + " ".join(f"{cutoff:.2f}" for cutoff in cutoffs)


def _mean_of(drawn: Sequence[Sequence[Document]], labels: Labels, cutoff: float) -> Score:
    return mean([(rate(group(batch, cutoff), labels), 1.0) for batch in drawn])


def measure_pairs(documents: Sequence[Document], labels: Labels) -> None:
    """Tell how often two documents alone are joined."""
    joined: dict[str, list[bool]] = defaultdict(list)
    every = list(combinations(documents, 2))
    same = [pair for pair in every if labels[pair[0].id] == labels[pair[1].id]]
    twins = [
        (one, other)
        for one, other in every
        if labels[one.id] != labels[other.id]
        and labels[one.id].split("_")[0] == labels[other.id].split("_")[0]
    ]
    dice = random.Random(3)
    for name, pairs in (("of one event", same), ("of twins", twins), ("any", every)):
        for pair in dice.sample(pairs, min(400, len(pairs))):
            joined[name].append(len(group(pair)) == 1)
    told = ", ".join(f"{name} {sum(found) / max(1, len(found)):.1%}" for name, found in joined.items())
    print(f"two documents alone are joined: {told}")


def read_look_alikes(name: str) -> LookAlikes:
    """Return by kind of event its reports: a1, a2 ... of one event, b1, b2 ... of another."""
    kinds: dict[str, dict[str, Document]] = defaultdict(dict)
    kind = language = ""
    number = 0
    for block in (SETS / f"{name}.txt").read_text("utf-8").split("\n\n"):
        for report in block.split("\n= "):
            first, *rest = report.splitlines()
            if first.startswith("@ "):
                _, kind, language = first.split()
            elif not first.startswith("#"):
                key, _, headline = first.partition(" ")
                number += 1
                kinds[kind][key] = _document(number, headline, rest, language)
    return kinds


def measure_look_alikes() -> None:
    first = read_look_alikes("look_alikes")
    names = list(first)
    for title, kinds in (
        ("first set, written before weighing", {name: first[name] for name in names[:WRITTEN_BEFORE]}),
        ("first set, written after it", {name: first[name] for name in names[WRITTEN_BEFORE:]}),
        ("second set", read_look_alikes("look_alikes_second")),
        ("third set", read_look_alikes("look_alikes_third")),
        ("fourth set", read_look_alikes("look_alikes_fourth")),
        ("fifth set", read_look_alikes("look_alikes_fifth")),
        ("sixth set, held out", read_look_alikes("look_alikes_sixth")),
    ):
        everybody = [document for reports in kinds.values() for document in reports.values()]
        together = {d.id: number for number, found in enumerate(group(everybody)) for d in found}
        print(f"look-alike events, {title}: {len(kinds)} kinds")
        _measure_joins(kinds, "each pair alone", lambda one, other: len(group([one, other])) == 1)
        _measure_joins(
            kinds, "all in one batch", lambda one, other, t=together: t[one.id] == t[other.id]
        )  # fmt: skip


def _measure_joins(kinds: LookAlikes, way: str, joined: Callable[[Document, Document], bool]) -> None:
    mixed, missed = [], []
    false = true = 0
    for kind, reports in kinds.items():
        for one, other in combinations(sorted(reports), 2):
            if one[0] == other[0]:
                true += 1
                missed += [] if joined(reports[one], reports[other]) else [f"{kind} {one} {other}"]
            else:
                false += 1
                mixed += [f"{kind} {one} {other}"] if joined(reports[one], reports[other]) else []
    apart, found = false - len(mixed), true - len(missed)
    print(
        f"  {way}: apart {apart} of {false} look-alike pairs ({apart / false:.1%}),"
        f" joined {found} of {true} true pairs ({found / true:.1%})"
    )
    for title, pairs in (("mixed", mixed), ("missed", missed)):
        if pairs:
            print(f"    {title}: {', '.join(pairs)}")


def _measure_day(count: int) -> None:
    made = news_day(count)
    labels = {document.id: str(event) for document, event in made}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    groups = group([document for document, _ in made])
    seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{count:7} documents, {len(set(labels.values()))} events: {seconds:6.1f} s CPU,"
        f" peak {peak // 1024} MB ({before // 1024} MB before), B3 F1 {rate(groups, labels).f1:.3f}",
        flush=True,
    )


def measure_scale(counts: Sequence[int]) -> None:
    for count in counts:
        worker = multiprocessing.get_context("spawn").Process(target=_measure_day, args=(count,))
        worker.start()
        worker.join()


def main(arguments: Sequence[str]) -> None:
    folder = Path(arguments[0])
    if "--scale" in arguments:
        measure_scale([int(number) for number in arguments[arguments.index("--scale") + 1 :]] or SCALES)
        return
    paths = sorted([*folder.glob("ecbplus*.jsonl"), *(folder / "stories").glob("ecbplus*.jsonl")])
    if not paths:
        print(f"skipped: there is no ecbplus*.jsonl in {folder} or its folder stories")
    for path in paths:
        documents, labels = load(path)
        print(f"{path.name}: {len(documents)} documents, {len(set(labels.values()))} events")
        measure_whole(documents, labels)
        measure_batches(documents, labels)
        measure_pairs(documents, labels)
    measure_look_alikes()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(sys.argv[1:])
