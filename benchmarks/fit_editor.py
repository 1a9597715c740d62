"""Fit the weights of our own summarizer to news that editors summarised.

    python -m benchmarks fit_editor DATA_FOLDER [WEIGHTS_FILE]

DATA_FOLDER, or its subfolder `summaries`, holds cnndm*.jsonl, headlines*.jsonl and xsum*.jsonl; WEIGHTS_FILE
is newsletter/stories/weights.json unless given. The same files give the same weights. Needs the extra `fit`.
"""

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.articles import Article, find_files, read_articles
from benchmarks.rouge import Judge
from newsletter.stories.features import FEATURES, Description, describe
from newsletter.stories.sentences import document_sentences

SEED = 4
DATE = "2026-11-25"
#: How much an article counts: there are few of the Daily Mail's, and most of them are what readers get.
GROUP_WEIGHTS = {"Daily Mail": 3.0, "CNN": 1.0, "headlines": 1.5, "xsum": 1.0}
#: Digits of what is written: more would change no choice.
_DIGITS = 4
WEIGHTS_FILE = Path(__file__).parents[1] / "newsletter" / "stories" / "weights.json"


@dataclass(frozen=True, kw_only=True, eq=False)
class Example:
    """An article with all that fitting asks of it."""

    article: Article
    sentences: tuple[str, ...]
    described: Description
    judge: Judge
    #: The sentences that together come closest to the reference.
    oracle: tuple[int, ...]

    @property
    def weight(self) -> float:
        """How much it counts beside other articles."""
        return GROUP_WEIGHTS[self.article.group]


def make_example(article: Article) -> Example:
    document = article.document
    sentences = tuple(span.of(document.text) for span in document_sentences(document))
    judge = Judge.of(sentences, article.references[0])
    return Example(
        article=article,
        sentences=sentences,
        described=describe(sentences, headline=document.headline, language="en"),
        judge=judge,
        oracle=tuple(judge.oracle(article.sentence_count)),
    )


def fit_trees(examples: Sequence[Example]) -> list[dict[str, list[float]]]:
    """Fit trees that tell the oracle's sentences from the others."""
    import lightgbm

    rows = [example.described.matrix for example in examples]
    labels = [
        np.isin(np.arange(len(row)), example.oracle) for row, example in zip(rows, examples, strict=True)
    ]
    heavy = [np.full(len(row), example.weight) for row, example in zip(rows, examples, strict=True)]
    model = lightgbm.LGBMClassifier(
        n_estimators=100, num_leaves=6, learning_rate=0.05, min_child_samples=60, subsample=0.7,
        subsample_freq=1, colsample_bytree=0.5, reg_lambda=5.0, random_state=SEED, n_jobs=1,
        deterministic=True, force_row_wise=True, verbose=-1,
    )  # fmt: skip
    model.fit(np.concatenate(rows), np.concatenate(labels).astype(int), sample_weight=np.concatenate(heavy))
    return [_written_tree(tree["tree_structure"]) for tree in model.booster_.dump_model()["tree_info"]]


def _written_tree(root: Mapping[str, Any]) -> dict[str, list[float]]:
    """Return a tree as `Forest.of` reads it; a node is worth the mean of its rows."""
    columns: list[float] = []
    thresholds: list[float] = []
    values: list[float] = []

    def write(node: Mapping[str, Any]) -> tuple[int, float]:
        place = len(values)
        values.append(0.0)
        if "leaf_value" in node:
            columns.append(-1)
            count, worth = node["leaf_count"], node["leaf_value"]
        else:
            columns.append(node["split_feature"])
            thresholds.append(float(f"{node['threshold']:.5g}"))
            left_count, left_worth = write(node["left_child"])
            right_count, right_worth = write(node["right_child"])
            count = left_count + right_count
            worth = (left_count * left_worth + right_count * right_worth) / count
        values[place] = round(worth, _DIGITS)
        return count, worth

    write(root)
    return {"columns": columns, "thresholds": thresholds, "values": values}


def fit(examples: Sequence[Example]) -> dict[str, Any]:
    """Return the weights as the product reads them, without the header."""
    return {"features": list(FEATURES), "trees": fit_trees(examples)}


def header(examples: Sequence[Example], files: Sequence[Path]) -> dict[str, Any]:
    groups = Counter(example.article.group for example in examples)
    return {
        "script": "benchmarks/fit_editor.py",
        "seed": SEED,
        "date": DATE,
        "data": {"files": [path.name for path in files], "articles": dict(sorted(groups.items()))},
    }


def main(arguments: list[str]) -> None:
    if not arguments:
        raise SystemExit(__doc__)
    files = find_files(Path(arguments[0]))
    if not files:
        raise SystemExit(f"no articles in {arguments[0]}")
    examples = [make_example(article) for path in files for article in read_articles(path)]
    target = Path(arguments[1]) if len(arguments) > 1 else WEIGHTS_FILE
    written = {"header": header(examples, files), **fit(examples)}
    target.write_text(json.dumps(written, separators=(",", ":")) + "\n", "utf-8")
    print(f"{target}: {len(examples)} articles, {target.stat().st_size / 1000:.1f} KB")


if __name__ == "__main__":
    main(sys.argv[1:])
