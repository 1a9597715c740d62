"""The fitted weights: trees that rate sentences, and what makes a good summary of so many of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from newsletter.errors import SummarizerError
from newsletter.stories.editor.features import FEATURES
from newsletter.stories.editor.forest import Forest
from newsletter.stories.editor.proposals import PROPOSAL_FEATURES

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Preference:
    """What makes a good summary of so many sentences: a weight for each of `PROPOSAL_FEATURES`."""

    #: What is taken off each number, and what one unit above is worth.
    means: Floats
    slopes: Floats
    #: See `Panel`.
    all_sentences: float = 0.0

    @classmethod
    def of(cls, written: Mapping[str, Any]) -> "Preference":
        """Read a preference as `weights.json` holds it."""
        return cls(means=np.array(written["means"]), slopes=np.array(written["slopes"]))

    def contributions(self, rows: Floats) -> Floats:
        """Return what each number of each row brings; a row's sum is its score."""
        return (rows - self.means) * self.slopes


@dataclass(frozen=True, kw_only=True, eq=False)
class Panel:
    """Small trees that judge summaries of so many sentences, several fits side by side."""

    #: Its columns are `PROPOSAL_FEATURES`, each less its mean over the document's proposals: a summary is
    #: only ever chosen against others of the same document.
    forest: Forest
    #: What it is worth besides that a summary has all the sentences that it may have, none of a few words.
    all_sentences: float

    @classmethod
    def of(cls, written: Mapping[str, Any]) -> "Panel":
        """Read a panel as `weights.json` holds it."""
        return cls(forest=Forest.of(written["trees"]), all_sentences=written["all_sentences"])

    def contributions(self, rows: Floats) -> Floats:
        """Return what each number of each row of one document brings; a row's sum is its score."""
        # Rounded, lest the last digits of one machine choose otherwise than those of another.
        return self.forest.contributions(np.round(rows - rows.mean(axis=0), 6))


@dataclass(frozen=True, kw_only=True, eq=False)
class Weights:
    """All that is fitted."""

    #: Where the weights come from: script, seed, date, texts and what they reach.
    header: Mapping[str, Any]
    #: Its columns are `FEATURES`.
    forest: Forest
    #: For one sentence, two, three.
    preferences: tuple[Preference | Panel, ...]

    @classmethod
    def of(cls, written: Mapping[str, Any]) -> "Weights":
        """Read weights as `weights.json` holds them.

        Raises:
            SummarizerError: They were fitted for other features than these.
        """
        if (tuple(written["features"]), tuple(written["proposal_features"])) != (FEATURES, PROPOSAL_FEATURES):
            raise SummarizerError("the weights were fitted for other features; run benchmarks/fit_editor.py")
        preferences = written["preferences"]
        return cls(
            header=written.get("header", {}),
            forest=Forest.of(written["trees"]),
            preferences=tuple(_read(preferences[count]) for count in sorted(preferences)),
        )

    def preference(self, sentence_count: int) -> Preference | Panel:
        """Return what makes a good summary of so many sentences; more than three are judged as three."""
        return self.preferences[min(sentence_count, len(self.preferences)) - 1]


def _read(written: Mapping[str, Any]) -> Preference | Panel:
    return Panel.of(written) if "trees" in written else Preference.of(written)


@cache
def shipped_weights() -> Weights:
    """Return the weights that come with the product."""
    return Weights.of(json.loads(Path(__file__).with_name("weights.json").read_text("utf-8")))
