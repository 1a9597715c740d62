"""What 1,000 documents cost: grouped by event, and summarised, beside sumy's algorithms.

    python -m benchmarks thousand [--sizes 1000 3000] [--sample 100] [--rounds 3] [--json FILE]

The documents are made up (`benchmarks/invented.py`): 8 to 24 sentences each, about 270 words in the middle.
CPU is shown, of one process; summarizers take turns over the same sample. How good the summaries are is
measured by `summaries` and `several`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.figures import Findings, Table, command, interleaved, number
from benchmarks.invented import news_day
from benchmarks.mail import bed
from newsletter.app import App
from newsletter.model.documents import Document
from newsletter.stories.group import group_documents
from newsletter.stories.summarize import summarize

_OURS = "editor"
#: Those of sumy that work without hints, and the first sentences.
_OTHERS = ("lead", "luhn", "lexrank", "textrank", "lsa", "kl", "sumbasic", "reduction")


def _summarised(documents: Sequence[Document], *, rounds: int) -> Table:
    """Measure each summarizer over some documents."""

    def measure(name: str) -> float:
        """Return seconds of CPU for 1,000 documents."""
        began = time.process_time()
        for document in documents:
            summarize(document, summarizer=name, language="en")
        return 1000 * (time.process_time() - began) / len(documents)

    names = (_OURS, *_OTHERS)
    for name in names:
        # What an algorithm imports and loads is paid once in a process's life.
        summarize(documents[0], summarizer=name, language="en")
    found = interleaved(names, measure, rounds=rounds)
    seconds = {name: median(runs) for name, runs in zip(names, found, strict=True)}
    rows = tuple(
        (name, number(spent), number(spent / seconds[_OURS]))
        for name, spent in sorted(seconds.items(), key=lambda item: item[1])
    )
    return Table(
        title="Summaries of 1,000 documents", columns=("summarizer", "CPU s", f"times {_OURS}"), rows=rows
    )


def _grouped(sizes: Sequence[int]) -> Table:
    """Measure taking in, grouping alone, and making an edition, by the size of the day."""
    rows = []
    for size in sizes:
        documents = [document for document, _ in news_day(size)]
        began = time.process_time()
        groups = group_documents(documents)
        grouped = time.process_time() - began
        taken_in, drafted = _day(documents)
        spent = (taken_in, grouped, drafted)
        rows.append((f"{size:,}", *(number(1000 * one / size) for one in spent), f"{len(groups):,}"))
        print(f"  {size:,} documents: {sum(spent):.1f} s", flush=True)
    columns = ("documents", "taken in, s", "grouped, s", "edition drafted, s", "stories")
    return Table(title="CPU for 1,000 documents of a day", columns=columns, rows=tuple(rows))


def _day(documents: Sequence[Document]) -> tuple[float, float]:
    """Return seconds of CPU for taking in a folder of documents, and for drafting an edition of them."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        texts = folder / "in"
        texts.mkdir()
        for document in documents:
            (texts / f"{document.id}.txt").write_text(document.text)
        own = {"database_url": f"sqlite:///{folder / 'newsletter.db'}", "folders": str(texts)}
        app = App.isolated(**{**bed.COMMON, **own, "summarizer": _OURS})
        began = time.process_time()
        app.ingest(now=bed.now())
        taken_in = time.process_time()
        app.draft(app.lists[0], now=bed.now())
        drafted = time.process_time()
        app.close()
    return taken_in - began, drafted - taken_in


def main() -> None:
    """Measure, show the tables, write the JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", nargs="+", type=int, default=[1000, 3000], metavar="DOCUMENTS")
    parser.add_argument("--sample", type=int, default=100, help="documents that each summarizer gets")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the findings there as well")
    options = parser.parse_args()
    sample = [document for document, _ in news_day(options.sample)]
    findings = Findings(
        benchmark="thousand",
        command=command("thousand"),
        tables=(_grouped(options.sizes), _summarised(sample, rounds=options.rounds)),
    )
    print(findings.show())
    findings.write(options.json)


if __name__ == "__main__":
    main()
