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

    @classmethod
    def of(cls, written: Mapping[str, Any]) -> "Preference":
        """Read a preference as `weights.json` holds it."""
        return cls(means=np.array(written["means"]), slopes=np.array(written["slopes"]))

    def contributions(self, rows: Floats) -> Floats:
        """Return what each number of each row brings; a row's sum is its score."""
        return (rows - self.means) * self.slopes


@dataclass(frozen=True, kw_only=True, eq=False)
class Weights:
    """All that is fitted."""

    #: Where the weights come from: script, seed, date, texts and what they reach.
    header: Mapping[str, Any]
    #: Its columns are `FEATURES`.
    forest: Forest
    #: For one sentence, two, three.
    preferences: tuple[Preference, ...]

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
            preferences=tuple(Preference.of(preferences[count]) for count in sorted(preferences)),
        )

    def preference(self, sentence_count: int) -> Preference:
        """Return what makes a good summary of so many sentences; more than three are judged as three."""
        return self.preferences[min(sentence_count, len(self.preferences)) - 1]


@cache
def shipped_weights() -> Weights:
    """Return the weights that come with the product."""
    return Weights.of(json.loads(Path(__file__).with_name("weights.json").read_text("utf-8")))
