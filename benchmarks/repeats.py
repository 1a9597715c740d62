"""Measure how well what was told already is told from news.

    python benchmarks/repeats.py [DATA_FOLDER]

The set lies in tests/unit/stories/repeats_*.txt and says what its labels mean. For each part: the share of
told sentences that are caught and of new sentences that are dropped, over a range of cut-offs, and how many
documents are judged right. Known sentences stood in an earlier report and were not told.

With ecbplus*.jsonl in DATA_FOLDER or its folder stories, sentences of real reports besides, as a control: how
many count as told once the first sentences of another report on the event, or on its look-alike, were told.
There nobody has labelled what is new.
"""

import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from newsletter.model.documents import Document, Span
from newsletter.model.stories import OpenStory, SummarySentence
from newsletter.stories.group import KnownStory, group_documents
from newsletter.stories.news import NewsDecision, RepeatRules, decide_news
from newsletter.stories.repeats.told import Told
from newsletter.stories.sentences import split_sentences

FOLDER = Path(__file__).parents[1] / "tests" / "unit" / "stories"
SEEN = datetime(2031, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
CUTOFFS = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8)
TOLD, KNOWN, NEW = "-", "~", "+"


@dataclass(kw_only=True)
class Report:
    """A document that came in later."""

    kind: str
    #: What it is to the list: new, update or repeat.
    label: str
    headline: str
    #: Mark and text of each sentence.
    sentences: list[tuple[str, str]] = field(default_factory=list)

    def document(self, number: int, language: str) -> Document:
        """Return the report as a document."""
        return make_document(number, self.headline, [text for _, text in self.sentences], language)


@dataclass(kw_only=True)
class Case:
    """A story that was told, and what came in later."""

    language: str
    headline: str = ""
    told: list[str] = field(default_factory=list)
    #: What stood in the report and was not told.
    untold: list[str] = field(default_factory=list)
    later: list[Report] = field(default_factory=list)

    @property
    def known(self) -> Document:
        """The report that the story was told from."""
        return make_document(1, self.headline, [*self.told, *self.untold], self.language)

    @property
    def story(self) -> OpenStory:
        """The story as the list was told it."""
        document = self.known
        spans = document.paragraphs[: len(self.told)]
        return OpenStory(
            thread=1,
            headline=self.headline,
            told=tuple(SummarySentence(text=s.of(document.text), span=s, document_id=1) for s in spans),
            headlines=(self.headline,),
            document_ids=(1,),
            first_told_at=SEEN,
            last_told_at=SEEN,
            edition_ids=(1,),
        )

    def decide(self, report: Report, rules: RepeatRules | None = None) -> NewsDecision:
        """Judge a later report."""
        later = report.document(2, self.language)
        return decide_news([later], [self.known], self.story, rules=rules)


def make_document(number: int, headline: str, sentences: Sequence[str], language: str) -> Document:
    """Make a document of a headline and sentences, each of them a paragraph."""
    text, spans = headline, []
    for sentence in sentences:
        text += "\n\n"
        spans.append(Span(start=len(text), end=len(text) + len(sentence)))
        text += sentence
    return Document(
        id=number, headline=headline, text=text, paragraphs=tuple(spans),
        content_hash=str(number), language=language, first_seen_at=SEEN,
    )  # fmt: skip


def load(path: Path) -> list[Case]:
    """Read one part of the set."""
    cases: list[Case] = []
    for line in path.read_text("utf-8").splitlines():
        mark, rest = line[:2], line[2:]
        if not line or line[0] == "#":
            continue
        if mark == "@ ":
            cases.append(Case(language=rest))
        elif mark == "= ":
            cases[-1].headline = rest
        elif mark == "> ":
            kind, label, headline = rest.split(" ", 2)
            cases[-1].later.append(Report(kind=kind, label=label, headline=headline))
        elif cases[-1].later:
            cases[-1].later[-1].sentences.append((mark[0], rest))
        elif mark == "~ ":
            cases[-1].untold.append(rest)
        else:
            cases[-1].told.append(line)
    return cases


def parts() -> dict[str, list[Case]]:
    """Return the cases of each part of the set, in the order in which they were written."""
    return {name: load(FOLDER / f"repeats_{name}.txt") for name in ("first", "second", "third", "fourth")}


def likenesses(cases: Sequence[Case]) -> Iterator[tuple[str, float, str]]:
    """Yield mark, likeness to what was told, and text of each later sentence."""
    for case in cases:
        told = Told.of(case.story, language=case.language)
        for report in case.later:
            for mark, text in report.sentences:
                yield mark, told.says(text), text


def caught(scored: Sequence[tuple[str, float, str]], mark: str, cutoff: float) -> float:
    """Return the share of the sentences with a mark that count as told."""
    of_mark = [likeness for found, likeness, _ in scored if found == mark]
    return sum(likeness >= cutoff for likeness in of_mark) / max(1, len(of_mark))


def confusion(cases: Sequence[Case], rules: RepeatRules | None = None) -> Counter[tuple[str, str]]:
    """Count documents by label and by what they were judged to be."""
    return Counter(
        (report.label, case.decide(report, rules).news.value) for case in cases for report in case.later
    )


def right(counts: Counter[tuple[str, str]]) -> float:
    """Return the share of documents that were judged as labelled."""
    return sum(n for (label, judged), n in counts.items() if label == judged) / counts.total()


def show_part(name: str, cases: Sequence[Case]) -> None:
    scored = list(likenesses(cases))
    marks = Counter(mark for mark, _, _ in scored)
    told, new, known = (marks[mark] for mark in (TOLD, NEW, KNOWN))
    print(f"\n{name}: {len(cases)} stories; sentences: {told} told, {new} new, {known} known")
    print(f"{'cut-off':>8}{'caught':>9}{'dropped':>9}")
    for cutoff in CUTOFFS:
        print(f"{cutoff:8.2f}{caught(scored, TOLD, cutoff):9.1%}{caught(scored, NEW, cutoff):9.1%}")
    counts = confusion(cases)
    print(f"documents judged right: {right(counts):.1%} of {counts.total()}")
    for (label, judged), count in sorted(counts.items()):
        if label != judged:
            print(f"  {label} judged {judged}: {count}")
    print(f"known sentences judged old: {_known_old(cases):.1%}")


def show_grouped(cases: Sequence[Case]) -> None:
    """Show what becomes of each later document when nobody says to which of the stories it belongs."""
    stories, known = {}, {}
    for thread, case in enumerate(cases, 1):
        stories[thread] = replace(case.story, thread=thread, document_ids=(thread,))
        known[thread] = replace(case.known, id=thread, content_hash=f"known {thread}")
    before = [KnownStory(thread=t, documents=(d,), last_told_at=SEEN) for t, d in known.items()]
    placed, judged = Counter[bool](), Counter[bool]()
    for thread, case in enumerate(cases, 1):
        for report in case.later:
            later = replace(report.document(len(cases) + 1, case.language), first_seen_at=SEEN + DAY)
            (group,) = group_documents([later], known=before, now=SEEN + DAY)
            found = group.thread
            told = [known[found]] if found is not None else []
            decision = decide_news([later], told, stories.get(found) if found is not None else None)
            placed[found == (None if report.label == "new" else thread)] += 1
            judged[decision.news.value == report.label] += 1
    print(f"\nput to their own among {len(cases)} stories: {placed[True] / placed.total():.1%} of documents;")
    print(f"judged right there: {judged[True] / judged.total():.1%} of {judged.total()}")


def _known_old(cases: Sequence[Case]) -> float:
    """Return the share of known sentences that are not taken for news."""
    judged = [
        case.decide(report).is_old(text)
        for case in cases
        for report in case.later
        for mark, text in report.sentences
        if mark == KNOWN
    ]
    return sum(judged) / max(1, len(judged))


def show_mistakes(cases: Sequence[Case]) -> None:
    cutoff = RepeatRules().repeat_cutoff
    for mark, likeness, text in likenesses(cases):
        if mark == TOLD and likeness < cutoff:
            print(f"  told, not caught ({likeness:.2f}): {text}")
        if mark == NEW and likeness >= cutoff:
            print(f"  new, dropped     ({likeness:.2f}): {text}")


def show_control(path: Path) -> None:
    """Show how many sentences count as told, by what was told before: of the event or of its look-alike."""
    by_label: dict[str, list[list[str]]] = defaultdict(list)
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        sentences = [span.of(row["text"]) for span in split_sentences(row["text"], language="en")]
        by_label[row["label"]].append([text for text in sentences if len(text.split()) > 4])
    dice = random.Random(5)
    found: dict[str, list[float]] = defaultdict(list)
    for label in sorted(by_label):
        twins = [o for o in sorted(by_label) if o.split("_")[0] == label.split("_")[0] and o != label]
        for _ in range(6):
            later, *same = dice.sample(by_label[label], min(2, len(by_label[label])))
            pools = {"same": same, "twin": [told for twin in twins for told in by_label[twin]]}
            for kind, pool in pools.items():
                if pool:
                    told = dice.choice(pool)
                    found[f"{kind}, lead"] += map(Told(told[:4], language="en").says, later)
                    found[f"{kind}, all"] += map(Told(told, language="en").says, later)
    print(f"\n{path.name}: sentences that count as told after another report, its first four or all of it,")
    print("on the same event or on its look-alike twin")
    print(f"{'cut-off':>8}" + "".join(f"{kind:>13}" for kind in found))
    for cutoff in CUTOFFS:
        shares = [sum(x >= cutoff for x in likes) / len(likes) for likes in found.values()]
        print(f"{cutoff:8.2f}" + "".join(f"{share:13.1%}" for share in shares))


def main(folder: Path | None) -> None:
    for name, cases in parts().items():
        show_part(name, cases)
        show_mistakes(cases)
    show_grouped([case for cases in parts().values() for case in cases])
    paths = [*folder.glob("ecbplus*.jsonl"), *folder.glob("stories/ecbplus*.jsonl")] if folder else []
    for path in sorted(paths):
        show_control(path)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]) if len(sys.argv) == 2 else None)
