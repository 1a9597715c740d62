"""Measure summaries of one document against what people wrote: ROUGE, defects, time.

    python -m benchmarks summaries DATA_FOLDER [--cross-validate] [--lengths] [--sets NAME,...] [--most N]

DATA_FOLDER, or its subfolder `summaries`, holds cnndm*.jsonl, headlines*.jsonl and xsum*.jsonl; without them
nothing is measured. Sets are daily-mail, cnn, headlines and xsum; --most takes N articles of each file,
evenly spread. Needs the extra `bench`, and `fit` for --cross-validate.

The weights that come with the product are judged, which is honest only on articles that they were not fitted
to. With --cross-validate the editor's weights are fitted five times on four fifths of the articles, and each
article is judged by weights that have not seen it.

With --lengths nothing else is measured than what the choice between two sentences and three does: the
editor's ROUGE-1 over lead, and its sentences, for several values of what having all three is worth.

All methods read the same cleaned sentences and tell as many (3 of cnndm, 2 of headlines, 1 of xsum); "lead,
as printed" reads the text without cleaning. sumy's algorithms tell their best sentences in source order,
without our rules for readability, and read no headline, as sumy has it; "edmundson, headline" is how the
product lets it read one. "Best sumy" is the one with the highest ROUGE-1 on the set, that one apart.

"Equal bytes" (xsum): the budget is 1.1 times the UTF-8 bytes of the article's lead, of as many sentences as a
summary of the set has, one byte a sentence for the line end. Each method goes through its ranking and takes
every sentence that still fits as a whole, however many; if none fits, its best one. The editor's ranking is
that of its one-sentence summaries, then that of its sentences.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.articles import SENTENCE_COUNTS, Article, find_files, read_articles
from benchmarks.defects import find_defects
from benchmarks.editing import WORD_LIMIT, cleaned, edit
from benchmarks.rouge_scores import METRICS, compare, score
from newsletter.stories.editor.choose import Draft
from newsletter.stories.editor.ranking import Desk
from newsletter.stories.editor.weights import Weights, shipped_weights
from newsletter.stories.sentences import document_sentences
from newsletter.stories.summarize import summarize
from newsletter.stories.sumy import ALGORITHMS, SumySummarizer

SETS = {"daily-mail": "Daily Mail", "cnn": "CNN", "headlines": "headlines", "xsum": "xsum"}
BUDGET = 1.1
#: What it may be worth that a summary has all its sentences; with the last one every summary has that can.
LENGTHS = (0.0, 0.3, 0.6, 0.9, 1.2, 1.6, 2.0, 3.0, 1000.0)
EDITOR, LEAD, PRINTED = "editor", "lead", "lead, as printed"
INFORMED = "edmundson, headline"
#: The sumy algorithm that is also compared at equal bytes.
RIVAL = "textrank"


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One summary and what it is worth."""

    #: In the order of `METRICS`.
    scores: tuple[float, ...]
    words: int
    defects: frozenset[str]


#: Methods by name, each with one summary an article, in the same order.
Results = dict[str, list[Judged]]


def judge(article: Article, sentences: Sequence[str], chosen: Sequence[int]) -> Judged:
    """Judge the summary that tells the chosen ones of an article's sentences."""
    told = [sentences[index] for index in sorted(chosen)]
    return Judged(
        scores=score(told, article.references),
        words=sum(len(text.split()) for text in told),
        defects=frozenset(find_defects(sentences, sorted(chosen))),
    )


def rank(name: str, sentences: Sequence[str], *, headline: str = "") -> list[int]:
    """Rank sentences by one of sumy's algorithms."""
    return SumySummarizer(name=name).rank(sentences, language="en", headline=headline)


def measure(articles: Sequence[Article], weights: Mapping[str, Weights]) -> Results:
    """Judge every method on every article; `weights` are those to judge each article by, by its id."""
    results: Results = {name: [] for name in (EDITOR, LEAD, PRINTED, *ALGORITHMS, INFORMED)}
    for article in articles:
        sentences, count = cleaned(article), article.sentence_count
        chosen = edit(article, sentences, weights[article.id])
        results[EDITOR].append(judge(article, sentences, chosen))
        results[LEAD].append(judge(article, sentences, range(min(count, len(sentences)))))
        raw = [span.of(article.document.text) for span in document_sentences(article.document)]
        results[PRINTED].append(judge(article, raw, range(min(count, len(raw)))))
        for name in ALGORITHMS:
            results[name].append(judge(article, sentences, rank(name, sentences)[:count]))
        informed = rank("edmundson", sentences, headline=article.document.headline)
        results[INFORMED].append(judge(article, sentences, informed[:count]))
    return results


def measure_equal_bytes(articles: Sequence[Article], weights: Mapping[str, Weights]) -> Results:
    """Judge the editor, the lead and the rival within the same bytes, as the top of this file says."""
    results: Results = {name: [] for name in (EDITOR, LEAD, RIVAL)}
    for article in articles:
        sentences = cleaned(article)
        sizes = [len(text.encode()) + 1 for text in sentences]
        budget = BUDGET * sum(sizes[: article.sentence_count])
        draft = Draft.of(sentences, headline=article.document.headline, language="en")
        fitted = weights[article.id]
        desk = Desk.of(draft, headline=article.document.headline, language="en", weights=fitted)
        proposals = desk.propose(fitted, sentence_count=1, word_limit=WORD_LIMIT)
        rankings = {
            EDITOR: [*(proposal.indices[0] for proposal in proposals), *desk.ranked],
            LEAD: range(len(sentences)),
            RIVAL: rank(RIVAL, sentences),
        }
        for name, ranking in rankings.items():
            results[name].append(judge(article, sentences, fill(list(dict.fromkeys(ranking)), sizes, budget)))
    return results


def fill(ranking: Sequence[int], sizes: Sequence[int], budget: float) -> list[int]:
    """Take every sentence that still fits as a whole; the best one if none does."""
    taken: list[int] = []
    for index in ranking:
        if sum(sizes[other] for other in (*taken, index)) <= budget:
            taken.append(index)
    return taken or list(ranking[:1])


def seconds_of(articles: Sequence[Article]) -> list[float]:
    """Return the CPU seconds of each article from its text to its summary."""
    summarize(articles[0].document)  # imports and weights are not part of the measure
    taken = []
    for article in articles:
        started = time.process_time()
        summarize(article.document, sentence_count=article.sentence_count, word_limit=WORD_LIMIT)
        taken.append(time.process_time() - started)
    return taken


def cross_validated(articles: Sequence[Article]) -> dict[str, Weights]:
    """Return for each article's id weights fitted without its fold."""
    from benchmarks.fit_editor import cross_validate, make_examples

    return cross_validate(make_examples(articles))


def means(judged: Sequence[Judged]) -> tuple[float, ...]:
    return tuple(statistics.mean(one.scores[at] for one in judged) for at in range(len(METRICS)))


def table(results: Results) -> list[str]:
    """Return one line a method: ROUGE, words, defects of a hundred summaries, the most frequent kinds."""
    lines = [f"{'':18}{'R-1':>7}{'R-2':>7}{'R-Lsum':>8}{'words':>7}{'defects':>9}"]
    for name, judged in results.items():
        kinds = Counter(kind for one in judged for kind in sorted(one.defects))
        share = 100 / len(judged)
        common = ", ".join(f"{kind} {count * share:.1f}" for kind, count in kinds.most_common(4))
        one, two, long = means(judged)
        lines.append(
            f"{name:18}{one:7.2f}{two:7.2f}{long:8.2f}{statistics.mean(j.words for j in judged):7.0f}"
            f"{share * sum(bool(j.defects) for j in judged):9.1f}  {common}"
        )
    return lines


def differences(results: Results, others: Sequence[str]) -> list[str]:
    """Return one line for each other method: how much better the editor is, with 95 % intervals."""
    lines = []
    for other in others:
        told = []
        for at, metric in enumerate(METRICS):
            ours, theirs = ([one.scores[at] for one in results[name]] for name in (EDITOR, other))
            told.append(f"{metric} {compare(ours, theirs)}")
        lines.append(f"editor over {other}: {', '.join(told)}")
    return lines


def best_sumy(results: Results) -> str:
    return max(ALGORITHMS, key=lambda name: means(results[name])[0])


def report(name: str, articles: Sequence[Article], weights: Mapping[str, Weights]) -> None:
    """Measure one set and print what was found."""
    print(f"\n{name}: {len(articles)} articles, {articles[0].sentence_count} sentence(s)")
    results = measure(articles, weights)
    print("\n".join([*table(results), *differences(results, [LEAD, best_sumy(results), INFORMED])]))
    if name == "xsum":
        within = measure_equal_bytes(articles, weights)
        print("\n".join(["at equal bytes", *table(within), *differences(within, [LEAD, RIVAL])]))
    taken = [1000 * seconds for seconds in seconds_of(articles)]
    print(
        f"CPU ms an article: median {statistics.median(taken):.1f}, mean {statistics.mean(taken):.1f},"
        f" most {max(taken):.1f}",
        flush=True,
    )


def report_lengths(name: str, articles: Sequence[Article], weights: Mapping[str, Weights]) -> None:
    """Print how the editor does beside lead if having all sentences were worth more, or less."""
    texts = [cleaned(article) for article in articles]
    lead = [
        score(sentences[: article.sentence_count], article.references)[0]
        for article, sentences in zip(articles, texts, strict=True)
    ]
    for worth in LENGTHS:
        edited = [
            [sentences[index] for index in edit(a, sentences, _with_length(weights[a.id], worth))]
            for a, sentences in zip(articles, texts, strict=True)
        ]
        reached = [score(told, a.references)[0] for told, a in zip(edited, articles, strict=True)]
        mean = statistics.mean(map(len, edited))
        print(f"{name}: all sentences worth {worth:g}: {mean:.2f} sentences, R-1 {compare(reached, lead)}")


def _with_length(weights: Weights, worth: float) -> Weights:
    *shorter, panel = weights.preferences
    return replace(weights, preferences=(*shorter, replace(panel, all_sentences=worth)))


def import_cost() -> str:
    """Return what it costs to start without summarising anything."""
    script = (
        "import sys, time; t = time.process_time(); import newsletter.app;"
        "print(f'import newsletter.app: {time.process_time() - t:.2f} s, {len(sys.modules)} modules, numpy',"
        "'among them' if 'numpy' in sys.modules else 'not among them')"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return told.stdout.strip()


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="summaries", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cross-validate", action="store_true")
    parser.add_argument("--lengths", action="store_true")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--most", type=int)
    given = parser.parse_args(arguments)
    names = given.sets.split(",")
    if unknown := sorted(set(names) - set(SETS)):
        parser.error(f"no such set: {', '.join(unknown)}; sets are {', '.join(SETS)}")
    files = find_files(given.folder)
    if not files:
        print(f"skipped: no articles in {given.folder}")
        return
    articles = [
        article for path in files for article in read_articles(path, most=given.most) if cleaned(article)
    ]
    print(import_cost())
    if given.cross_validate:
        weights = cross_validated(articles)
        print("weights: cross-validated")
    else:
        weights = {article.id: shipped_weights() for article in articles}
        print(f"weights: shipped, of {shipped_weights().header['date']}")
    for name in names:
        chosen = [article for article in articles if article.group == SETS[name]]
        if chosen:
            if not given.lengths:
                report(name, chosen, weights)
            elif chosen[0].sentence_count == max(SENTENCE_COUNTS.values()):
                report_lengths(name, chosen, weights)


if __name__ == "__main__":
    main(sys.argv[1:])
