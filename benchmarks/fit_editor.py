"""Fit the weights of our own summarizer to news that editors summarised.

    python -m benchmarks fit_editor DATA_FOLDER [WEIGHTS_FILE]

DATA_FOLDER, or its subfolder `summaries`, holds cnndm*.jsonl, headlines*.jsonl and xsum*.jsonl; WEIGHTS_FILE
is newsletter/stories/editor/weights.json unless given. The same files give the same weights; the header says
what weights fitted to four fifths of the articles reach on the others. Needs the extras `fit` and `bench`.
"""

import json
import sys
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.articles import Article, find_files, read_articles
from benchmarks.editing import WORD_LIMIT, cleaned, edit
from benchmarks.rouge import Judge
from benchmarks.rouge_scores import METRICS, score
from newsletter.stories.editor.choose import Draft
from newsletter.stories.editor.features import FEATURES, Description, describe
from newsletter.stories.editor.forest import Forest
from newsletter.stories.editor.proposals import PROPOSAL_FEATURES, describe_proposals
from newsletter.stories.editor.ranking import Desk
from newsletter.stories.editor.scorer import rate
from newsletter.stories.editor.weights import Weights

Floats = npt.NDArray[np.float64]

SEED = 4
DATE = "2026-11-30"
#: How much an article counts: there are few of the Daily Mail's, and most of them are what readers get.
GROUP_WEIGHTS = {"Daily Mail": 3.0, "CNN": 1.0, "headlines": 1.5, "xsum": 1.0}
FOLDS = 5
#: How strongly the weights of proposals are held near zero.
RIDGE = 0.02
#: Summaries of three sentences are judged by the mean of so many fits, which differ in their seeds, with so
#: many trees each: by its seed, one fit alone gains or loses half a point on the Daily Mail. Those of one and
#: two are judged by a ridge regression: trees are no better there, and read worse.
PANEL, PANEL_TREES = 4, 35
PANEL_COUNT = 3
#: How much the trees of one fit learn all together, and the share of all proposals that a leaf speaks of.
_LEARNT, _LEAST_SHARE = 5.0, 0.01
#: What it is worth besides that a summary has all three sentences, none of a few words, in points of ROUGE-1
#: and 2 together. Without, four of ten summaries leave the third out, as short highlights of CNN taught the
#: trees; the Daily Mail's are longer, and few of them are here. Between 0.6 and 1.6 any value serves both:
#: `python -m benchmarks summaries DATA_FOLDER --cross-validate --lengths` prints it.
ALL_SENTENCES = 1.2
#: How much an article counts for summaries of another length than its own: few are of the other lengths, and
#: those of one sentence have lost their first.
OTHER_LENGTH = 0.1
#: A number that varies less tells proposals apart by chance alone.
_NO_SPREAD = 1e-6
#: Digits of what is written: more would change no choice.
_DIGITS = 4
#: Of a summary's judges, who speak in points.
_PANEL_DIGITS = 3
WEIGHTS_FILE = Path(__file__).parents[1] / "newsletter" / "stories" / "editor" / "weights.json"


@dataclass(frozen=True, kw_only=True, eq=False)
class Example:
    """An article with all that fitting asks of it."""

    article: Article
    draft: Draft
    described: Description
    judge: Judge
    #: The sentences that together come closest to the reference.
    oracle: tuple[int, ...]

    @property
    def weight(self) -> float:
        """How much it counts beside other articles."""
        return GROUP_WEIGHTS[self.article.group]


def make_examples(articles: Iterable[Article]) -> list[Example]:
    """Describe and judge articles; those of which cleaning leaves nothing are left out."""
    made = (_make_example(article) for article in articles)
    return [example for example in made if example]


def _make_example(article: Article) -> Example | None:
    document = article.document
    sentences = cleaned(article)
    if not sentences:
        return None
    draft = Draft.of(sentences, headline=document.headline, language="en")
    judge = Judge.of(sentences, article.references[0])
    return Example(
        article=article,
        draft=draft,
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
    return _written_trees(model, digits=_DIGITS)


def _written_trees(model: Any, *, digits: int, share: float = 1.0) -> list[dict[str, list[float]]]:  # noqa: ANN401 - LightGBM is untyped
    """Return fitted trees as `Forest.of` reads them, each with a share of what it says."""
    found = model.booster_.dump_model()["tree_info"]
    return [_written_tree(tree["tree_structure"], digits=digits, share=share) for tree in found]


def _written_tree(root: Mapping[str, Any], *, digits: int, share: float) -> dict[str, list[float]]:
    """Return one tree; a node is worth the mean of its rows."""
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
        values[place] = round(share * worth, digits)
        return count, worth

    write(root)
    return {"columns": columns, "thresholds": thresholds, "values": values}


@dataclass(frozen=True, kw_only=True, eq=False)
class _Proposed:
    """The proposals of one article."""

    rows: Floats
    #: ROUGE-1 plus ROUGE-2, less the mean of the article's proposals.
    worths: Floats
    #: How much each counts.
    weight: Floats


def _proposed(
    examples: Sequence[Example], scores: Mapping[str, tuple[float, ...]], count: int
) -> Iterable[_Proposed]:
    for example in examples:
        fitting = 1.0 if example.article.sentence_count == count else OTHER_LENGTH
        desk = Desk(draft=example.draft, described=example.described, scores=scores[example.article.id])
        sets = desk.sets(sentence_count=count, word_limit=WORD_LIMIT)
        if len(sets) > 1:
            worths = example.judge.worths(sets)
            yield _Proposed(
                rows=describe_proposals(example.described, desk.scores, sets, sentence_count=count),
                worths=worths - worths.mean(),
                weight=np.full(len(sets), fitting * example.weight / len(sets)),
            )


def fit_preference(
    examples: Sequence[Example], scores: Mapping[str, tuple[float, ...]], count: int
) -> dict[str, Any]:
    """Fit what makes a good summary of so many sentences, by what proposals are worth.

    Args:
        examples: Articles; those whose reference has another length count `OTHER_LENGTH` as much.
        scores: Of each article's sentences, by its id, from trees that have not seen the article.
        count: Sentences of a summary.
    """
    proposed = list(_proposed(examples, scores, count))
    return _fit_panel(proposed) if count == PANEL_COUNT else _fit_ridge(proposed)


def _fit_panel(proposed: Sequence[_Proposed]) -> dict[str, Any]:
    """Fit trees to what proposals have more than the mean of their article's."""
    import lightgbm

    # Trees find out for themselves what is other in full summaries; those numbers stand last.
    used = sum(not name.endswith("_of_full") for name in PROPOSAL_FEATURES)
    rows = np.concatenate([(one.rows - one.rows.mean(axis=0))[:, :used] for one in proposed])
    weight = np.concatenate([one.weight for one in proposed])
    trees = []
    for seed in range(SEED, SEED + PANEL):
        model = lightgbm.LGBMRegressor(
            n_estimators=PANEL_TREES, num_leaves=6, learning_rate=_LEARNT / PANEL_TREES,
            min_child_samples=max(1, int(_LEAST_SHARE * len(rows))), subsample=0.7, subsample_freq=1,
            colsample_bytree=0.5, reg_lambda=5.0, random_state=seed, n_jobs=1, deterministic=True,
            force_row_wise=True, verbose=-1,
        )  # fmt: skip
        worths = 100 * np.concatenate([one.worths for one in proposed])
        model.fit(rows, worths, sample_weight=weight / weight.mean())
        trees += _written_trees(model, digits=_PANEL_DIGITS, share=1 / PANEL)
    return {"trees": trees, "all_sentences": ALL_SENTENCES}


def _fit_ridge(proposed: Sequence[_Proposed]) -> dict[str, Any]:
    """Fit a weight for each number of a proposal."""
    from sklearn.linear_model import Ridge

    matrix = np.concatenate([one.rows for one in proposed])
    weight = np.concatenate([one.weight for one in proposed])
    means = np.average(matrix, axis=0, weights=weight)
    spread = np.sqrt(np.average((matrix - means) ** 2, axis=0, weights=weight))
    spread[spread < _NO_SPREAD] = 1.0
    model = Ridge(alpha=RIDGE * weight.sum())
    worths = np.concatenate([one.worths for one in proposed])
    model.fit((matrix - means) / spread, worths, sample_weight=weight)
    return {
        "means": [_rounded(mean) for mean in means],
        "slopes": [_rounded(slope) for slope in model.coef_ / spread],
    }


def _rounded(number: float) -> float:
    return float(f"{number:.5g}")


def unseen_scores(examples: Sequence[Example]) -> dict[str, tuple[float, ...]]:
    """Score each article's sentences by trees fitted to the other folds."""
    scores: dict[str, tuple[float, ...]] = {}
    for fold in range(FOLDS):
        forest = Forest.of(fit_trees([e for e in examples if fold_of(e.article, salt="inner") != fold]))
        for example in examples:
            if fold_of(example.article, salt="inner") == fold:
                rated = rate(example.described, len(example.draft.texts), forest)
                scores[example.article.id] = tuple(rated)
    return scores


def fold_of(article: Article, *, salt: str = "outer") -> int:
    """Return the fold of an article; articles with one reference share it."""
    return zlib.crc32((salt + article.references[0]).encode()) % FOLDS


def fit(examples: Sequence[Example]) -> dict[str, Any]:
    """Return the weights as the product reads them, without the header."""
    scores = unseen_scores(examples)
    return {
        "features": list(FEATURES),
        "trees": fit_trees(examples),
        "proposal_features": list(PROPOSAL_FEATURES),
        "preferences": {str(count): fit_preference(examples, scores, count) for count in (1, 2, 3)},
    }


def cross_validate(examples: Sequence[Example]) -> dict[str, Weights]:
    """Return for each article's id weights fitted to the other folds."""
    weights: dict[str, Weights] = {}
    for fold in range(FOLDS):
        fitted = Weights.of(fit([e for e in examples if fold_of(e.article) != fold]))
        weights.update({e.article.id: fitted for e in examples if fold_of(e.article) == fold})
    return weights


def header(examples: Sequence[Example], files: Sequence[Path]) -> dict[str, Any]:
    """Return where the weights come from, and what such weights reach on articles that they have not seen."""
    weights = cross_validate(examples)
    groups = {
        group: [example for example in examples if example.article.group == group]
        for group in sorted({example.article.group for example in examples})
    }
    return {
        "script": "benchmarks/fit_editor.py",
        "seed": SEED,
        "date": DATE,
        "data": {
            "files": [path.name for path in files],
            "articles": {group: len(found) for group, found in groups.items()},
        },
        "cross_validated": {group: _figures(found, weights) for group, found in groups.items()},
    }


def _figures(examples: Sequence[Example], weights: Mapping[str, Weights]) -> dict[str, Any]:
    """Return the mean ROUGE F1 of the editor and of the lead on one group."""
    reached: dict[str, list[tuple[float, ...]]] = {"editor": [], "lead": []}
    for example in examples:
        article, texts = example.article, example.draft.texts
        edited = edit(article, texts, weights[article.id])
        reached["editor"].append(score([texts[index] for index in edited], article.references))
        reached["lead"].append(score(texts[: article.sentence_count], article.references))
    return {
        "sentences": examples[0].article.sentence_count,
        **{
            name: dict(zip(METRICS, np.mean(scores, axis=0).round(2).tolist(), strict=True))
            for name, scores in reached.items()
        },
    }


def main(arguments: list[str]) -> None:
    if not arguments:
        raise SystemExit(__doc__)
    files = find_files(Path(arguments[0]))
    if not files:
        raise SystemExit(f"no articles in {arguments[0]}")
    examples = make_examples(article for path in files for article in read_articles(path))
    target = Path(arguments[1]) if len(arguments) > 1 else WEIGHTS_FILE
    written = {"header": header(examples, files), **fit(examples)}
    target.write_text(json.dumps(written, separators=(",", ":")) + "\n", "utf-8")
    print(f"{target}: {len(examples)} articles, {target.stat().st_size / 1000:.1f} KB")


if __name__ == "__main__":
    main(sys.argv[1:])
