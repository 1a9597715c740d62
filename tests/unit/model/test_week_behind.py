"""Which variant of a weekly digest a reader gets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from newsletter.model.editions import WeekBehind

editions = st.frozensets(st.integers(1, 6), min_size=1)
weeks = st.dictionaries(editions, st.none() | st.integers(8, 20)).map(
    lambda variants: WeekBehind(edition_ids=tuple(range(1, 7)), variants=variants)
)


@given(weeks, editions)
def test_nobody_gets_less_than_was_left_to_somebody_who_has_had_no_more(
    week: WeekBehind, had: frozenset[int]
) -> None:
    number = week.variant_for(had)
    if had in week.variants:
        assert number == week.variants[had]
        return
    contained = {known: n for known, n in week.variants.items() if known < had}
    if number is None:
        assert None in contained.values()
    elif number == 0:
        assert not contained
    else:
        assert number in {n for known, n in contained.items() if len(known) == max(map(len, contained))}


def test_who_has_had_nothing_gets_the_digest_as_it_is() -> None:
    week = WeekBehind(edition_ids=(1, 2), variants={frozenset({1}): 8, frozenset({1, 2}): None})
    assert week.variant_for(frozenset()) == 0
