"""Read bounces that others collected, and our own samples, and print how many were read right.

    python benchmarks/bounces.py
    python benchmarks/bounces.py --corpus flufl_bounce-6.0.0.tar.gz

The corpus is that of flufl.bounce, out of its source package, which pip fetches unless it is given. A mail
counts as right if its kind is the one that a person judged it to be, and every recipient that the corpus
names for it is among those found. The corpus knows no hard and soft: that was judged by reading each mail.
HARD is what says that the mailbox does not exist or takes no mail any more; a full mailbox, a policy, a
network or no reason at all is SOFT; AUTOMATIC is a warning that delivery goes on, and what is no bounce.

What matters most is the last line: a HARD bounce that is none takes a reader off the list for nothing.
Exits with 1 if there is one, or if less than 95 % are right.
"""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from newsletter.deliveries.bounces import parse_feedback
from newsletter.model.feedback import FeedbackKind

OWN_SAMPLES = Path(__file__).parents[1] / "tests" / "unit" / "deliveries" / "samples"
LEAST_RIGHT = 0.95


def names(listed: str) -> frozenset[str]:
    """Return the file names of a list in words."""
    return frozenset(listed.split())


HARD = names(
    """
    dsn_10 dsn_12 dsn_13 dsn_14 dsn_15 dsn_16 dsn_18 exim_01 groupwise_01 groupwise_02 microsoft_01
    microsoft_02 microsoft_04 postfix_01 qmail_03 qmail_04 qmail_05 simple_04 simple_05 simple_06
    simple_08 simple_11 simple_12 simple_13 simple_15 simple_19 simple_23 simple_25 simple_26 simple_27
    simple_29 simple_30 simple_33 simple_34 simple_36 simple_39 smtp32_04 smtp32_06 smtp32_07 yahoo_03
    yahoo_05 yahoo_06 yahoo_07 yahoo_08 yahoo_09 yahoo_10 yahoo_11 yahoo_13
    """
)
#: A directory's guess, an alias that loops, a mail without a recipient's name: HARD would be too much for
#: what is known, SOFT too little for what is meant. HARD without a recipient is never right.
EITHER = names(
    """
    dsn_11 llnl_01 simple_37 simple_43 yale_01
    """
)
NO_BOUNCE = names(
    """
    dsn_05 dsn_06 dsn_07 dsn_08 dsn_17 groupwise_03 qmail_08 simple_03 simple_21 simple_22 simple_28
    simple_35 simple_40
    """
)

BOUNCES = frozenset({FeedbackKind.HARD_BOUNCE, FeedbackKind.SOFT_BOUNCE})
OWN_KINDS = {
    "hard": FeedbackKind.HARD_BOUNCE,
    "soft": FeedbackKind.SOFT_BOUNCE,
    "complaint": FeedbackKind.COMPLAINT,
    "unsubscribe": FeedbackKind.UNSUBSCRIBE,
    "automatic": FeedbackKind.AUTOMATIC,
    "unknown": FeedbackKind.UNKNOWN,
}


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A mail, and what a person says about it."""

    name: str
    content: bytes
    kinds: frozenset[FeedbackKind]
    recipients: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What became of a sample."""

    sample: Sample
    kind: FeedbackKind
    missed: frozenset[str]

    @property
    def right(self) -> bool:
        """Return whether kind and recipients are as a person says."""
        return self.kind in self.sample.kinds and not self.missed

    @property
    def wrong_suppression(self) -> bool:
        """Return whether a reader would be suppressed for nothing."""
        allowed = FeedbackKind.HARD_BOUNCE in self.sample.kinds
        return self.kind is FeedbackKind.HARD_BOUNCE and (not allowed or bool(self.missed))


def fetched(folder: Path) -> Path:
    """Fetch the source package of flufl.bounce, and return where it is."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    subprocess.run([*command, "--dest", str(folder), "flufl.bounce"], check=True)
    return next(folder.glob("flufl*bounce-*.tar.gz"))


def unpacked(package: Path, folder: Path) -> Path:
    """Unpack a source package into a folder, and return the folder."""
    with tarfile.open(package) as archive:
        archive.extractall(folder, filter="data")
    return folder


def expected(folder: Path) -> Mapping[str, set[str]]:
    """Return the recipients that the corpus's own tests expect, by file."""
    tests = next(folder.rglob("test_detectors.py"))
    for node in ast.walk(ast.parse(tests.read_text("utf-8"))):
        targets = {getattr(target, "id", "") for target in getattr(node, "targets", ())}
        if isinstance(node, ast.Assign) and targets & {"DETECTORS", "DATA"}:
            found: dict[str, set[str]] = {}
            for _, file, addresses, *_ in ast.literal_eval(node.value):
                found.setdefault(file, set()).update(address.decode().lower() for address in addresses)
            return found
    raise SystemExit(f"{tests} names no expected recipients: give another version with --corpus")


def corpus_samples(folder: Path) -> Iterator[Sample]:
    """Yield the mails of the corpus with what is expected of each."""
    recipients = expected(folder)
    for path in sorted(folder.rglob("tests/data/*.txt")):
        yield Sample(
            name=path.stem,
            content=path.read_bytes(),
            kinds=judged(path.stem),
            recipients=frozenset(recipients.get(path.name, ())),
        )


def judged(name: str) -> frozenset[FeedbackKind]:
    """Return the kinds that a person allows for a mail of the corpus."""
    if name in EITHER:
        return BOUNCES
    if name in NO_BOUNCE:
        return frozenset({FeedbackKind.AUTOMATIC, FeedbackKind.UNKNOWN})
    return frozenset({FeedbackKind.HARD_BOUNCE if name in HARD else FeedbackKind.SOFT_BOUNCE})


def own_samples() -> Iterator[Sample]:
    """Yield the project's own samples; their folder names the kind."""
    for path in sorted(OWN_SAMPLES.rglob("*.eml")):
        folder = path.parent.name
        yield Sample(
            name=f"{folder}/{path.stem}", content=path.read_bytes(), kinds=frozenset({OWN_KINDS[folder]})
        )


def reading(sample: Sample) -> Reading:
    """Read one sample."""
    feedback = parse_feedback(sample.content)
    found = {recipient.lower() for recipient in feedback.recipients}
    return Reading(sample=sample, kind=feedback.kind, missed=sample.recipients - found)


def told(title: str, readings: list[Reading], seconds: float) -> None:
    """Print how many were read right, and each that was not."""
    right = sum(item.right for item in readings)
    per_mail = 1000 * seconds / len(readings)
    print(
        f"{title}: {len(readings)} mails, {right} right ({right / len(readings):.1%}), {per_mail:.1f} ms each"
    )
    for item in readings:
        if not item.right:
            wanted = " or ".join(sorted(kind.value for kind in item.sample.kinds))
            missed = f", without {', '.join(sorted(item.missed))}" if item.missed else ""
            print(f"  {item.sample.name}: {item.kind.value}{missed}; judged {wanted}")


def read_all(title: str, samples: Iterator[Sample]) -> list[Reading]:
    """Read all samples, print what came of it, and return it."""
    listed = list(samples)
    start = time.perf_counter()
    readings = [reading(sample) for sample in listed]
    told(title, readings, time.perf_counter() - start)
    return readings


def main() -> int:
    """Read both collections; return the exit code."""
    parser = argparse.ArgumentParser(description="Read collected bounces and print how many were read right.")
    parser.add_argument("--corpus", type=Path, help="flufl.bounce's source package, or its folder")
    given: Path | None = parser.parse_args().corpus
    with tempfile.TemporaryDirectory(prefix="bounces-") as name:
        folder = Path(name)
        if given and given.is_dir():
            folder = given
        else:
            unpacked(given or fetched(folder), folder)
        readings = read_all("flufl.bounce's corpus", corpus_samples(folder))
    enough = sum(item.right for item in readings) >= LEAST_RIGHT * len(readings)
    readings += read_all("our own samples", own_samples())
    wrong = [item.sample.name for item in readings if item.wrong_suppression]
    print(f"wrong suppressions: {len(wrong)} of {len(readings)} {' '.join(wrong)}".rstrip())
    return 0 if enough and not wrong else 1


if __name__ == "__main__":
    raise SystemExit(main())
