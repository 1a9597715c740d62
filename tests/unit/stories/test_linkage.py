"""Average link over sparse pairs, and what never joins."""

from __future__ import annotations

from itertools import combinations

import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.stories.grouping.linkage import Linked, Start, link

Pairs = dict[tuple[int, int], float]


def alone(count: int) -> list[Start]:
    return [Start(members=(number,)) for number in range(count)]


def members(linked: Linked) -> list[tuple[int, ...]]:
    return [cluster.members for cluster in linked.clusters]


def naive(count: int, pairs: Pairs, cutoff: float) -> list[tuple[int, ...]]:
    """Average link as in the books: all pairs of clusters, again and again."""
    clusters = [(number,) for number in range(count)]

    def average(one: tuple[int, ...], other: tuple[int, ...]) -> float:
        total = sum(pairs.get((min(a, b), max(a, b)), 0.0) for a in one for b in other)
        return round(total / (len(one) * len(other)), 9)

    while len(clusters) > 1:
        one, other = min(combinations(clusters, 2), key=lambda two: (-average(*two), two[0][0], two[1][0]))
        if average(one, other) < cutoff:
            break
        clusters = sorted([*(c for c in clusters if c not in {one, other}), tuple(sorted(one + other))])
    return clusters


@settings(max_examples=examples(80), deadline=None)
@given(values=st.lists(st.integers(0, 40), min_size=21, max_size=21), cutoff=st.integers(1, 30))
def test_it_is_average_link(values: list[int], cutoff: int) -> None:
    pairs = {pair: value / 40 for pair, value in zip(combinations(range(7), 2), values, strict=True) if value}
    # Of seven, no two clusters are large enough to be told apart by what they are in themselves.
    assert members(link(alone(7), pairs, cutoff=cutoff / 40, margin=0)) == naive(7, pairs, cutoff / 40)


def test_pairs_that_are_left_out_are_not_alike() -> None:
    assert members(link(alone(3), {(0, 1): 0.5, (1, 2): 0.5}, cutoff=0.3, margin=0)) == [(0, 1), (2,)]
    assert members(link(alone(3), {(0, 1): 0.5, (1, 2): 0.5}, cutoff=0.25, margin=0)) == [(0, 1, 2)]


def test_languages_never_mix_through_one_that_is_unknown() -> None:
    starts = [
        Start(members=(0,), language="en"),
        Start(members=(1,)),
        Start(members=(2,), language="de"),
    ]
    linked = link(starts, {(0, 1): 0.6, (1, 2): 0.9, (0, 2): 0.9}, cutoff=0.1, margin=0)
    assert members(linked) == [(0,), (1, 2)]
    assert [cluster.language for cluster in linked.clusters] == ["en", "de"]


def test_told_stories_never_join_and_a_document_joins_one() -> None:
    starts = [Start(members=(0,)), Start(members=(1, 2), thread=7), Start(members=(3,), thread=9)]
    pairs = {(0, 1): 0.4, (0, 2): 0.4, (0, 3): 0.5, (1, 2): 0.9, (1, 3): 0.9, (2, 3): 0.9}
    linked = link(starts, pairs, cutoff=0.2, margin=0)
    assert members(linked) == [(0, 3), (1, 2)]
    assert [cluster.thread for cluster in linked.clusters] == [9, 7]


def test_two_large_clusters_far_less_alike_than_each_in_itself_stay_two() -> None:
    inside = {pair: 0.6 for group in (range(5), range(5, 10)) for pair in combinations(group, 2)}
    across = {(one, other): 0.3 for one in range(5) for other in range(5, 10)}
    apart = [tuple(range(5)), tuple(range(5, 10))]
    assert members(link(alone(10), inside | across, cutoff=0.2, margin=0)) == apart
    nearer = dict.fromkeys(across, 0.4)
    assert members(link(alone(10), inside | nearer, cutoff=0.2, margin=0)) == [tuple(range(10))]


def test_what_comes_near_the_cutoff_is_noted() -> None:
    linked = link(alone(5), {(0, 1): 0.21, (2, 3): 0.19, (3, 4): 0.1}, cutoff=0.2, margin=0.03)
    noted = {(near.left, near.right, near.likeness, near.joined) for near in linked.near}
    assert noted == {((0,), (1,), 0.21, True), ((2,), (3,), 0.19, False)}


@pytest.mark.parametrize("cutoff", [0.0, -1.0])
def test_no_cutoff_joins_everything_that_may_be_joined(cutoff: float) -> None:
    starts = [
        Start(members=(0,), language="en"),
        Start(members=(1,), language="de"),
        Start(members=(2,), language="en"),
    ]
    assert members(link(starts, {}, cutoff=cutoff, margin=0)) == [(0, 2), (1,)]
