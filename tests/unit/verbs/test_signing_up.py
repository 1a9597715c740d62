"""Which letter answers a sign-up, what its link is good for, and that no letter goes out twice."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.model.readers import (
    AskedFor,
    Choice,
    ConfirmationState,
    LetterKind,
    LetterState,
    SignUp,
    Standing,
)
from newsletter.model.subscribers import Cadence, SubscriptionState
from newsletter.store.store import Store
from newsletter.subscribe import parse_address
from newsletter.subscribe.signing_up import decide_confirmation, decide_letter

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
S, C = SubscriptionState, ConfirmationState
ON, OFF, WAITS = S.CONFIRMED, S.UNSUBSCRIBED, S.UNCONFIRMED


@pytest.mark.parametrize(
    ("wanted", "standing", "letter"),
    [
        ("a", Standing(), LetterKind.CONFIRM),
        ("a", Standing(states={"a": WAITS}), LetterKind.CONFIRM),
        ("a", Standing(states={"a": OFF}), LetterKind.CONFIRM),
        ("a", Standing(states={"b": ON}), LetterKind.CONFIRM),
        ("a", Standing(states={"a": ON}), LetterKind.KNOWN),
        ("ab", Standing(states={"a": ON}), LetterKind.CONFIRM),
        ("ab", Standing(states={"a": ON, "b": OFF}), LetterKind.CONFIRM),
        ("ab", Standing(states={"a": ON, "b": ON, "c": OFF}), LetterKind.KNOWN),
        ("a", Standing(is_suppressed=True), None),
        ("a", Standing(is_suppressed=True, states={"a": ON}), None),
        ("a", Standing(has_letter=True), None),
        ("a", Standing(has_letter=True, states={"a": ON}), None),
    ],
)
def test_which_letter_answers(wanted: str, standing: Standing, letter: LetterKind | None) -> None:
    assert decide_letter(list(wanted), standing) is letter


@pytest.mark.parametrize(
    ("states", "left_after_hours", "confirmed", "sent_hours", "age_hours", "good_for"),
    [
        ({}, 0, False, None, 1, C.OPEN),
        ({"a": WAITS}, 0, False, 1, 48, C.OPEN),
        ({"a": WAITS}, 0, False, 1, 49, C.OPEN),
        ({"a": WAITS}, 0, False, 1, 50, C.EXPIRED),
        ({"a": WAITS}, 0, False, None, 49, C.EXPIRED),
        ({"a": ON}, 0, False, 0, 1, C.OPEN),
        ({"a": OFF}, -5, False, 0, 1, C.OPEN),
        ({"a": OFF}, 1, False, 0, 2, C.EXPIRED),
        ({"a": ON, "b": ON}, 0, True, 0, 999, C.CONFIRMED),
        ({"a": ON}, 0, True, 0, 2, C.EXPIRED),
        ({"a": ON, "b": OFF}, 1, True, 0, 2, C.EXPIRED),
    ],
)
def test_what_a_link_is_good_for(
    states: dict[str, S],
    left_after_hours: int,
    confirmed: bool,
    sent_hours: int | None,
    age_hours: int,
    good_for: ConfirmationState,
) -> None:
    since = NOW + left_after_hours * HOUR
    asked_for = AskedFor(
        id=1,
        list_names=("a", "b"),
        cadence=Cadence.EACH,
        asked_at=NOW,
        sent_at=None if sent_hours is None else NOW + sent_hours * HOUR,
        confirmed_at=NOW if confirmed else None,
        choices={name: Choice(state=state, since=since) for name, state in states.items()},
    )
    assert decide_confirmation(asked_for, now=NOW + age_hours * HOUR) is good_for


#: What one of two processes may do next with the letter that it has in hand.
STEPS = st.lists(
    st.tuples(st.sampled_from("AB"), st.sampled_from(["look", "begin", "sent", "defer", "refuse", "die"])),
    min_size=30,
    max_size=60,
)


@settings(max_examples=examples(50), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_however_two_processes_take_turns_a_letter_is_handed_over_once_unless_it_was_given_back(
    sqlite_store: Store, steps: list[tuple[str, str]]
) -> None:
    """Each step that is refused must also change nothing: what one sent, the other does not put off."""
    request = SignUp(
        address="ada@example.org", list_names=("daily",), cadence=Cadence.EACH, origin="", wording=""
    )
    sqlite_store.subscribers.erase(parse_address(request.address))
    sqlite_store.signups.record(parse_address(request.address), request, now=NOW)
    sqlite_store.signups.answer(decide_letter, limit=9, now=NOW)
    letters, hands, begun = sqlite_store.letters, {}, {"A": False, "B": False}
    counts: Counter[str] = Counter()
    for who, step in steps:
        letter = hands.get(who)
        if step == "die":
            hands.pop(who, None)
            begun[who] = False
        elif step == "look" and letter is None:
            if due := letters.due(limit=1, now=NOW):
                hands[who] = due[0]
        elif letter is not None and step == "begin" and not begun[who]:
            begun[who] = letters.begin(letter, spending=None, now=NOW)
            counts["handed over"] += begun[who]
        elif letter is not None and step == "defer":
            given_back = letters.put_off(letter, NOW, begun=begun[who], reply="451")
            counts["given back"] += given_back and begun[who]
            assert given_back or not begun[who]
            hands.pop(who)
            begun[who] = False
        elif letter is not None and step in ("sent", "refuse") and (begun[who] or step == "refuse"):
            state = LetterState.SENT if step == "sent" else LetterState.FAILED
            done = letters.record(letter, state, begun=begun[who], reply="")
            assert done or not begun[who]
            hands.pop(who)
            begun[who] = False
        assert counts["handed over"] <= 1 + counts["given back"]
