"""Measure an ordinary day, whole: documents taken in, grouped, summarised, ranked, composed and rendered.

    python -m benchmarks day DATA_FOLDER [DOCUMENTS ...]

DATA_FOLDER holds *.jsonl files with a text in each line (field document or text), in itself or in its
folders summaries and stories; without them nothing is measured. DOCUMENTS are the sizes to measure, 100 1000
3000 when left out; where there are too few texts, parts of two make another. Each size runs in a process of
its own.
"""

import json
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from newsletter.app import App

NOW = datetime(2031, 1, 1, 6, tzinfo=UTC)
SIZES = (100, 1000, 3000)


def load(folder: Path) -> list[str]:
    """Return the texts that the folder has, in a mixed but fixed order."""
    texts: list[str] = []
    for place in (folder, folder / "summaries", folder / "stories"):
        for path in sorted(place.glob("*.jsonl")):
            rows = map(json.loads, path.read_text("utf-8").splitlines())
            texts += [text for row in rows if (text := row.get("document") or row.get("text"))]
    random.Random(1).shuffle(texts)
    return texts


def write_documents(texts: Sequence[str], count: int, folder: Path) -> None:
    """Write `count` documents: the texts, then halves of two put together."""
    dice = random.Random(2)
    for number in range(count):
        text = texts[number % len(texts)]
        if number >= len(texts):
            other = dice.choice(texts)
            text = text[: len(text) // 2] + "\n\n" + other[len(other) // 2 :]
        first = text.split(". ", 1)[0].strip()[:110]
        (folder / f"{number:05}.txt").write_text(f"{first}\n\n{text}", encoding="utf-8")


def measure(folder: Path, count: int) -> str:
    """Return the table's line for a day of `count` documents."""
    with tempfile.TemporaryDirectory() as place:
        documents = Path(place) / "in"
        documents.mkdir()
        write_documents(load(folder), count, documents)
        app = App.isolated(
            database_url=f"sqlite:///{place}/store.db",
            folders=(documents,),
            settle_seconds=0,
            sender_address="digest@news.example.org",
        )
        started = time.process_time()
        app.ingest(now=NOW)
        taken_in = time.process_time()
        drafted = app.draft(app.mailing_list(None), now=NOW)
        done = time.process_time()
        app.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert drafted is not None
    edition = drafted.edition
    told = Counter(len(story.document_ids) for story in edition.stories)
    return (
        f"{count:9,}{taken_in - started:11.1f}{done - taken_in:9.1f}{peak:9.0f}{len(edition.stories):9}"
        f"{len(edition.also):11}{len(edition.left_out_ids):10,}{edition.word_count:7}  {max(told)}"
    )


def main(folder: Path, sizes: Sequence[int]) -> None:
    if not load(folder):
        print(f"skipped: {folder} holds no texts")
        return
    print(
        "documents  ingest s  draft s  peak MB  stories  one-liners  left out  words  most documents in one"
    )
    for count in sizes:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            print(pool.apply(measure, (folder, count)), flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]), [int(size) for size in sys.argv[2:]] or SIZES)
