"""The readers' side below its pages: sign-ups, confirmation, preferences, leaving; on both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, func, insert, select

from newsletter.app import App
from newsletter.bound.readers import Readers
from newsletter.errors import AddressError, LinkError, SubscriberError
from newsletter.messages.links import LinkSigner
from newsletter.model.readers import (
    Choice,
    ConfirmationState,
    ConsentAction,
    LetterState,
    SignUp,
)
from newsletter.model.subscribers import Cadence, SubscriptionState, SuppressionReason
from newsletter.store import statements, tables
from newsletter.store.store import Store
from newsletter.subscribe import parse_address

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
IP = "192.0.2.7"
S = SubscriptionState
LISTS = (
    {"name": "daily", "title": "The Daily Brief"},
    {"name": "harbour", "title": "Harbour News", "weekly_schedule": "off"},
    {"name": "inside", "title": "Inside", "sign_up": "closed"},
    {"name": "tagesblatt", "title": "Das Tagesblatt", "translation_of": "daily"},
)


@pytest.fixture
def app(store_url: str) -> Iterator[App]:
    made = App.isolated(
        database_url=store_url,
        public_url="https://news.example.org",
        secret_keys=("k" * 32,),
        sender_address="digest@news.example.org",
        lists=LISTS,
    )
    yield made
    made.close()


@pytest.fixture
def readers(app: App) -> Readers:
    return app.readers


@pytest.fixture
def store(app: App) -> Store:
    return app.store


@pytest.fixture
def links() -> LinkSigner:
    return LinkSigner(public_url="https://news.example.org", keys=["k" * 32])


def sign_up(
    address: str = "ada@example.org", *list_names: str, cadence: Cadence = Cadence.EACH, origin: str = IP
) -> SignUp:
    return SignUp(
        address=address,
        list_names=list_names or ("daily",),
        cadence=cadence,
        origin=origin,
        wording="Send me The Daily Brief.",
    )


def letters(store: Store) -> list[tuple[int, str, str]]:
    """Id, address and kind of every letter that waits."""
    return [
        (one.id, one.address.display, one.kind.value)
        for one in store.letters.due(limit=1000, now=NOW + 30 * DAY)
    ]


def confirm_token(links: LinkSigner, signup_id: int, list_name: str = "daily") -> str:
    return links.confirm_url(signup_id=signup_id, list_name=list_name).rpartition("/")[2]


def reader_token(links: LinkSigner, purpose: str, subscriber_id: int, list_name: str = "daily") -> str:
    make = links.preferences_url if purpose == "p" else links.unsubscribe_url
    return make(subscriber_id=subscriber_id, list_name=list_name).rpartition("/")[2]


def state_of(store: Store, list_name: str = "daily", address: str = "ada@example.org") -> S | None:
    return store.subscribers.subscriptions(parse_address(address)).get(list_name)


def id_of(store: Store, address: str = "ada@example.org") -> int:
    query = select(tables.subscribers.c.id).where(tables.subscribers.c.address == address)
    with store._database.reading() as connection:
        return connection.execute(query).scalar_one()


def record_of(store: Store, address: str = "ada@example.org") -> list[tuple[str, str, str]]:
    return [(c.list_name, c.action.value, c.origin) for c in store.consents.of(id_of(store, address))]


def add(app: App, address: str = "ada@example.org", list_name: str = "daily") -> int:
    app.subscribers.add(app.mailing_list(list_name), address, now=NOW - 9 * DAY)
    return id_of(app.store, address)


def confirmed(app: App, links: LinkSigner, *list_names: str, now: datetime = NOW) -> str:
    """Sign up and press the button; returns the token of its link."""
    app.readers.ask(sign_up("ada@example.org", *list_names), now=now)
    app.readers.answer(now=now)
    signup_id = letters(app.store)[-1][0]
    token = confirm_token(links, signup_id, (list_names or ("daily",))[0])
    app.readers.confirm(token, origin=IP, now=now)
    return token


# Asking.


@pytest.mark.parametrize(
    ("request_", "error", "words"),
    [
        (sign_up("ada"), AddressError, "@-sign"),
        (sign_up("ada@example.org\nBcc: b@example.org"), AddressError, "invalid"),
        (sign_up("ada@example.org", "nonesuch"), SubscriberError, "nobody can sign up for 'nonesuch'"),
        (sign_up("ada@example.org", "inside"), SubscriberError, "nobody can sign up for 'inside'"),
        (sign_up("ada@example.org", "daily.weekly"), SubscriberError, "nobody can sign up"),
        (
            sign_up("ada@example.org", "harbour", cadence=Cadence.WEEKLY),
            SubscriberError,
            "Harbour News has no weekly mail",
        ),
        (
            sign_up("ada@example.org", "daily", "tagesblatt"),
            SubscriberError,
            "The Daily Brief and Das Tagesblatt are one newsletter in several languages",
        ),
        (
            SignUp(address="a@example.org", list_names=(), cadence=Cadence.EACH, origin=IP, wording=""),
            SubscriberError,
            "no newsletter is chosen",
        ),
    ],
)
def test_what_cannot_be_had_is_refused_at_once(
    readers: Readers, request_: SignUp, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        readers.ask(request_, now=NOW)


def test_asking_does_the_same_for_everybody(app: App) -> None:
    """Statements are counted, and compared to the letter: nothing tells who is subscribed."""
    store, readers = app.store, app.readers
    add(app, "known@example.org")
    add(app, "left@example.org")
    store.subscribers.unsubscribe("daily", parse_address("left@example.org"), now=NOW)
    add(app, "gone@example.org")
    gone = parse_address("gone@example.org")
    store.subscribers.suppress(gone, SuppressionReason.COMPLAINT, now=NOW)
    readers.ask(sign_up("waits@example.org"), now=NOW)
    readers.answer(now=NOW)
    seen: list[str] = []
    engine = store._database.engine
    event.listen(engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    done = {}
    for name in ("new", "known", "waits", "gone", "left"):
        seen.clear()
        assert readers.ask(sign_up(f"{name}@example.org"), now=NOW) is None
        done[name] = [one for one in seen if not one.startswith("BEGIN")]
    assert len({tuple(statements) for statements in done.values()}) == 1
    assert len(done["new"]) == 1
    assert done["new"][0].startswith("INSERT INTO signups")


# Answering.


def test_each_is_answered_by_what_fits_and_nothing_is_said_to_who_must_not_be_mailed(app: App) -> None:
    add(app, "known@example.org")
    add(app, "left@example.org")
    app.store.subscribers.unsubscribe("daily", parse_address("left@example.org"), now=NOW)
    for reason in SuppressionReason:
        address = parse_address(f"{reason.value}@example.org")
        app.store.subscribers.suppress(address, reason, now=NOW)
    names = ("new", "known", "left", *(reason.value for reason in SuppressionReason))
    for name in names:
        app.readers.ask(sign_up(f"{name}@example.org"), now=NOW)
    assert app.readers.answer(now=NOW) == len(names)
    assert app.readers.answer(now=NOW) == 0
    assert [(address, kind) for _, address, kind in letters(app.store)] == [
        ("new@example.org", "confirm"),
        ("known@example.org", "known"),
        ("left@example.org", "confirm"),
    ]
    assert state_of(app.store, address="new@example.org") is S.UNCONFIRMED
    assert state_of(app.store, address="left@example.org") is S.UNSUBSCRIBED
    assert state_of(app.store, address="operator@example.org") is None


def test_ten_thousand_sign_ups_are_one_letter(app: App) -> None:
    """However its address is written, and whatever is asked for."""
    spelt = ("ada@example.org", "ADA@example.org", "Ada@EXAMPLE.ORG")
    for number, address in enumerate(spelt):
        app.readers.ask(sign_up(address, "daily" if number % 2 else "harbour"), now=NOW)
    with app.store._database.transaction() as connection:
        row = dict(connection.execute(select(tables.signups)).first()._mapping)
        del row["id"]
        connection.execute(insert(tables.signups), [row] * (10_000 - len(spelt)))
    looked_at = [app.readers.answer(now=NOW) for _ in range(3)]
    assert looked_at == [5000, 5000, 0]
    assert len(letters(app.store)) == 1
    app.readers.ask(sign_up("other@example.org"), now=NOW)
    app.readers.answer(now=NOW)
    assert [address for _, address, _ in letters(app.store)] == ["ada@example.org", "other@example.org"]


def test_another_letter_goes_out_a_day_later_and_not_before(app: App) -> None:
    for hours, count in ((0, 1), (1, 1), (23, 1), (25, 2), (40, 2), (50, 3)):
        now = NOW + hours * HOUR
        app.readers.ask(sign_up(), now=now)
        app.readers.answer(now=now)
        for letter in app.store.letters.due(limit=9, now=now):
            assert app.store.letters.begin(letter, spending=None, now=now)
            app.store.letters.record(letter, LetterState.SENT, begun=True, reply="")
        with app.store._database.reading() as connection:
            sent = select(func.count()).select_from(tables.signups).where(tables.signups.c.state == "sent")
            assert connection.scalar(sent) == count, hours


def test_a_letter_that_went_out_late_counts_from_then(app: App) -> None:
    app.readers.ask(sign_up(), now=NOW)
    app.readers.answer(now=NOW)
    late = NOW + 20 * HOUR
    (letter,) = app.store.letters.due(limit=9, now=late)
    assert app.store.letters.begin(letter, spending=None, now=late)
    app.store.letters.record(letter, LetterState.SENT, begun=True, reply="")
    app.readers.ask(sign_up(), now=NOW + 30 * HOUR)
    app.readers.answer(now=NOW + 30 * HOUR)
    assert letters(app.store) == []


def test_a_letter_that_was_cut_off_while_it_was_sent_holds_nobody_up_for_days(app: App) -> None:
    app.readers.ask(sign_up(), now=NOW)
    app.readers.answer(now=NOW)
    (letter,) = app.store.letters.due(limit=9, now=NOW)
    assert app.store.letters.begin(letter, spending=None, now=NOW)
    for hours, waiting in ((23, 0), (25, 1)):
        app.readers.ask(sign_up(), now=NOW + hours * HOUR)
        app.readers.answer(now=NOW + hours * HOUR)
        assert len(letters(app.store)) == waiting, hours


def test_several_who_answer_at_once_decide_each_sign_up_once(app: App) -> None:
    for number in range(40):
        app.readers.ask(sign_up(f"reader{number % 10}@example.org"), now=NOW)
    with ThreadPoolExecutor(4) as pool:
        looked_at = list(pool.map(lambda _: app.readers.answer(now=NOW), range(4)))
    assert sum(looked_at) == 40
    assert len(letters(app.store)) == 10


# Confirming.


def test_the_button_confirms_once_and_puts_on_record_what_was_agreed_to(app: App, links: LinkSigner) -> None:
    app.readers.ask(
        sign_up("ada@example.org", "daily", cadence=Cadence.WEEKLY, origin="198.51.100.9"), now=NOW
    )
    app.readers.answer(now=NOW)
    token = confirm_token(links, letters(app.store)[0][0])
    assert app.readers.confirmation(token, now=NOW).state is ConfirmationState.OPEN
    assert state_of(app.store) is S.UNCONFIRMED
    later = NOW + HOUR
    shown = app.readers.confirm(token, origin=IP, now=later)
    assert (shown.state, shown.list_names, shown.cadence) == (
        ConfirmationState.CONFIRMED,
        ("daily",),
        Cadence.WEEKLY,
    )
    assert app.readers.confirm(token, origin=IP, now=later + HOUR) == shown
    assert app.readers.confirmation(token, now=later + 5 * DAY) == shown
    (entry,) = app.store.consents.of(id_of(app.store))
    assert (entry.action, entry.at, entry.asked_at) == (ConsentAction.CONFIRMED, later, NOW)
    assert entry.wording == "Send me The Daily Brief."
    assert entry.origin == "192.0.2.7 (asked for from 198.51.100.9)"
    (subscriber,) = app.subscribers.listed(app.mailing_list("daily"))
    assert (subscriber.state, subscriber.since, subscriber.cadence) == (S.CONFIRMED, later, Cadence.WEEKLY)


def test_a_link_is_good_for_48_hours_from_when_its_letter_went_out(app: App, links: LinkSigner) -> None:
    app.readers.ask(sign_up(), now=NOW)
    app.readers.answer(now=NOW)
    (letter,) = app.store.letters.due(limit=9, now=NOW)
    sent = NOW + 5 * HOUR
    app.store.letters.begin(letter, spending=None, now=sent)
    token = confirm_token(links, letter.id)
    assert app.readers.confirmation(token, now=sent + 48 * HOUR).state is ConfirmationState.OPEN
    too_late = sent + 48 * HOUR + timedelta(seconds=1)
    assert app.readers.confirm(token, origin=IP, now=too_late).state is ConfirmationState.EXPIRED
    assert state_of(app.store) is S.UNCONFIRMED
    assert record_of(app.store) == []


def test_an_old_link_brings_nobody_back(app: App, links: LinkSigner) -> None:
    token = confirmed(app, links)
    leave = reader_token(links, "u", id_of(app.store))
    app.readers.leave(leave, origin=IP, now=NOW + HOUR)
    assert app.readers.confirm(token, origin=IP, now=NOW + 2 * HOUR).state is ConfirmationState.EXPIRED
    assert state_of(app.store) is S.UNSUBSCRIBED


def test_a_link_that_was_asked_for_before_its_reader_left_brings_nobody_back(
    app: App, links: LinkSigner
) -> None:
    subscriber_id = add(app)
    app.readers.ask(sign_up("ada@example.org", "harbour", "daily"), now=NOW)
    app.readers.answer(now=NOW)
    token = confirm_token(links, letters(app.store)[0][0], "harbour")
    app.readers.leave(reader_token(links, "u", subscriber_id), origin=IP, now=NOW + HOUR)
    assert app.readers.confirm(token, origin=IP, now=NOW + 2 * HOUR).state is ConfirmationState.EXPIRED
    assert state_of(app.store) is S.UNSUBSCRIBED


def test_who_left_comes_back_by_signing_up_again(app: App, links: LinkSigner) -> None:
    add(app)
    app.store.subscribers.unsubscribe("daily", parse_address("ada@example.org"), now=NOW - DAY)
    confirmed(app, links)
    assert state_of(app.store) is S.CONFIRMED
    assert [action for _, action, _ in record_of(app.store)] == ["added", "left", "confirmed"]


def test_confirming_lifts_no_suppression(app: App, links: LinkSigner) -> None:
    app.readers.ask(sign_up(), now=NOW)
    app.readers.answer(now=NOW)
    ada = parse_address("ada@example.org")
    app.store.subscribers.suppress(ada, SuppressionReason.COMPLAINT, now=NOW)
    token = confirm_token(links, letters(app.store)[0][0])
    assert app.readers.confirm(token, origin=IP, now=NOW).state is ConfirmationState.CONFIRMED
    assert app.store.subscribers.suppression(ada) is SuppressionReason.COMPLAINT
    assert app.store.subscribers.count("daily", S.CONFIRMED) == 0


@pytest.mark.parametrize("way", ["erased", "forgotten"])
def test_a_link_never_confirms_somebody_elses_sign_up(app: App, links: LinkSigner, way: str) -> None:
    """Its number is not given again, once its own sign-up is gone."""
    add(app)
    app.readers.ask(sign_up("ada@example.org", "harbour"), now=NOW)
    app.readers.answer(now=NOW)
    mine = confirm_token(links, letters(app.store)[-1][0], "harbour")
    later = NOW + 8 * DAY
    if way == "erased":
        app.readers.erase(reader_token(links, "p", id_of(app.store)))
    else:
        app.readers.forget_stale(now=later)
    app.readers.ask(sign_up("bo@example.org", "harbour"), now=later)
    app.readers.answer(now=later)
    with pytest.raises(LinkError):
        app.readers.confirm(mine, origin=IP, now=later)
    assert state_of(app.store, "harbour", "bo@example.org") is S.UNCONFIRMED


def test_several_presses_at_once_are_one(app: App, links: LinkSigner) -> None:
    app.readers.ask(sign_up("ada@example.org", "daily", "harbour"), now=NOW)
    app.readers.answer(now=NOW)
    token = confirm_token(links, letters(app.store)[0][0])
    with ThreadPoolExecutor(4) as pool:
        shown = list(pool.map(lambda _: app.readers.confirm(token, origin=IP, now=NOW).state, range(8)))
    assert set(shown) == {ConfirmationState.CONFIRMED}
    assert [name for name, _, _ in record_of(app.store)] == ["daily", "harbour"]


def test_a_link_of_another_kind_or_of_nothing_is_refused(app: App, links: LinkSigner) -> None:
    subscriber_id = add(app)
    for token in (
        reader_token(links, "p", subscriber_id),
        confirm_token(links, 999),
        confirm_token(LinkSigner(public_url="https://news.example.org", keys=["x"]), 1),
        "",
        "\ud800",
        "a" * 10_000,
    ):
        with pytest.raises(LinkError):
            app.readers.confirm(token, origin=IP, now=NOW)
    unsubscribe = reader_token(links, "u", subscriber_id)
    for call in (app.readers.own_record, app.readers.erase):
        with pytest.raises(LinkError):
            call(unsubscribe)
    with pytest.raises(LinkError):
        app.readers.come_back(unsubscribe, origin=IP, now=NOW)
    assert state_of(app.store) is S.CONFIRMED


# Leaving.


def test_leaving_by_every_way_is_the_same_and_once(app: App, links: LinkSigner) -> None:
    token = reader_token(links, "u", add(app))
    assert app.readers.leaving(token).is_subscribed
    assert app.readers.leaving(token).masked_address == "a••@example.org"
    for hours in (1, 2, 9_000):
        left = app.readers.leave(token, origin="one click", now=NOW + hours * HOUR)
        assert (left.list_name, left.is_subscribed) == ("daily", False)
    assert record_of(app.store)[1:] == [("daily", "left", "one click")]


def test_leaving_may_be_taken_back_for_an_hour(app: App, links: LinkSigner) -> None:
    token = reader_token(links, "u", add(app))
    back = app.readers.return_token(token)
    app.readers.leave(token, origin=IP, now=NOW)
    with pytest.raises(LinkError):
        app.readers.come_back(back, origin=IP, now=NOW + HOUR + timedelta(seconds=1))
    for _ in range(2):
        assert app.readers.come_back(back, origin=IP, now=NOW + HOUR).is_subscribed
    assert [action for _, action, _ in record_of(app.store)] == ["added", "left", "returned"]


def test_a_complaint_is_not_taken_back(app: App, links: LinkSigner) -> None:
    token = reader_token(links, "u", add(app))
    app.readers.leave(token, origin="complaint", now=NOW)
    app.store.subscribers.suppress(parse_address("ada@example.org"), SuppressionReason.COMPLAINT, now=NOW)
    with pytest.raises(LinkError):
        app.readers.come_back(app.readers.return_token(token), origin=IP, now=NOW)
    assert state_of(app.store) is S.UNSUBSCRIBED


def test_old_links_of_the_erased_and_of_nobody_say_that_they_are_not_subscribed(
    app: App, links: LinkSigner
) -> None:
    token = reader_token(links, "u", add(app))
    preferences = reader_token(links, "p", id_of(app.store))
    app.readers.erase(preferences)
    for gone in (token, reader_token(links, "u", 0)):
        left = app.readers.leave(gone, origin=IP, now=NOW)
        assert (left.masked_address, left.is_subscribed) == ("", False)
        with pytest.raises(LinkError):
            app.readers.come_back(app.readers.return_token(gone), origin=IP, now=NOW)
    for call in (app.readers.own_record, app.readers.erase):
        with pytest.raises(LinkError):
            call(preferences)
    with pytest.raises(LinkError):
        app.readers.preferences(preferences, now=NOW)
    with pytest.raises(LinkError):
        app.readers.choose(preferences, {"daily": Choice(state=S.CONFIRMED)}, origin=IP, now=NOW)


# Preferences.


def test_a_reader_sees_what_was_chosen_and_changes_it(app: App, links: LinkSigner) -> None:
    token = reader_token(links, "p", add(app))
    before = app.readers.preferences(token, now=NOW)
    assert (before.masked_address, before.list_name, before.since) == (
        "a••@example.org",
        "daily",
        NOW - 9 * DAY,
    )
    assert {name: choice.state for name, choice in before.choices.items()} == {"daily": S.CONFIRMED}
    until = NOW + 30 * DAY
    after = app.readers.choose(
        token,
        {
            "daily": Choice(state=S.CONFIRMED, cadence=Cadence.WEEKLY, paused_until=until),
            "harbour": Choice(state=S.CONFIRMED),
            "inside": Choice(state=S.UNSUBSCRIBED),
        },
        origin=IP,
        now=NOW,
    )
    assert {name: (c.state, c.cadence, c.paused_until) for name, c in after.choices.items()} == {
        "daily": (S.CONFIRMED, Cadence.WEEKLY, until),
        "harbour": (S.CONFIRMED, Cadence.EACH, None),
    }
    assert after.choices["daily"].since == NOW - 9 * DAY
    assert app.readers.preferences(token, now=until).choices["daily"].paused_until is None
    app.readers.choose(token, {"daily": Choice(state=S.UNSUBSCRIBED)}, origin=IP, now=NOW)
    app.readers.choose(token, {"daily": Choice(state=S.UNSUBSCRIBED)}, origin=IP, now=NOW)
    assert record_of(app.store)[1:] == [
        ("harbour", "confirmed", "192.0.2.7, page of preferences"),
        ("daily", "left", "192.0.2.7, page of preferences"),
    ]
    app.readers.choose(token, {"daily": Choice(state=S.CONFIRMED)}, origin=IP, now=NOW)
    assert state_of(app.store) is S.CONFIRMED


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"harbour": Choice(state=S.CONFIRMED, cadence=Cadence.WEEKLY)}, "Harbour News has no weekly mail"),
        ({"inside": Choice(state=S.CONFIRMED)}, "nobody can sign up for 'inside'"),
        ({"nonesuch": Choice(state=S.CONFIRMED)}, "nobody can sign up for 'nonesuch'"),
        ({"daily": Choice(state=S.CONFIRMED, paused_until=NOW)}, "a pause ends on a day to come"),
        ({"daily": Choice(state=S.CONFIRMED, paused_until=NOW + 367 * DAY)}, "within a year"),
        ({"tagesblatt": Choice(state=S.CONFIRMED)}, "choose one of them"),
    ],
)
def test_what_cannot_be_chosen_is_refused_and_nothing_is_saved(
    app: App, links: LinkSigner, choices: dict[str, Choice], words: str
) -> None:
    token = reader_token(links, "p", add(app))
    wanted = {"harbour": Choice(state=S.CONFIRMED)} | choices
    before = app.readers.preferences(token, now=NOW)
    with pytest.raises(SubscriberError, match=words):
        app.readers.choose(token, wanted, origin=IP, now=NOW)
    assert app.readers.preferences(token, now=NOW) == before


def test_saving_leaves_alone_what_is_still_to_be_confirmed(app: App, links: LinkSigner) -> None:
    page = reader_token(links, "p", add(app))
    app.readers.ask(sign_up("ada@example.org", "harbour"), now=NOW)
    app.readers.answer(now=NOW)
    link = confirm_token(links, letters(app.store)[0][0], "harbour")
    chosen = {
        "daily": Choice(state=S.CONFIRMED, cadence=Cadence.WEEKLY),
        "harbour": Choice(state=S.UNSUBSCRIBED),
    }
    app.readers.choose(page, chosen, origin=IP, now=NOW + HOUR)
    assert state_of(app.store, "harbour") is S.UNCONFIRMED
    assert [entry for entry in record_of(app.store) if entry[1] == "left"] == []
    assert app.readers.confirm(link, origin=IP, now=NOW + 2 * HOUR).state is ConfirmationState.CONFIRMED


def test_changing_to_another_language_is_one_choice(app: App, links: LinkSigner) -> None:
    token = reader_token(links, "p", add(app))
    changed = {"daily": Choice(state=S.UNSUBSCRIBED), "tagesblatt": Choice(state=S.CONFIRMED)}
    after = app.readers.choose(token, changed, origin=IP, now=NOW)
    assert [name for name, choice in after.choices.items() if choice.state is S.CONFIRMED] == ["tagesblatt"]


def test_who_is_on_a_closed_list_may_change_how_often_it_comes(app: App, links: LinkSigner) -> None:
    token = reader_token(links, "p", add(app, list_name="inside"), "inside")
    chosen = {"inside": Choice(state=S.CONFIRMED, cadence=Cadence.WEEKLY)}
    after = app.readers.choose(token, chosen, origin=IP, now=NOW)
    assert after.choices["inside"].cadence is Cadence.WEEKLY


# One's own data, erasing, forgetting.


def test_ones_own_record_is_complete_and_can_be_written_as_json(app: App, links: LinkSigner) -> None:
    confirmed(app, links)
    ada = parse_address("ada@example.org")
    app.store.subscribers.suppress(ada, SuppressionReason.BOUNCE, now=NOW)
    record = app.readers.own_record(reader_token(links, "p", id_of(app.store)))
    told = json.loads(json.dumps(record))
    assert told["address"] == "ada@example.org"
    assert told["subscriptions"][0]["list_name"] == "daily"
    assert told["consents"][0]["wording"] == "Send me The Daily Brief."
    assert told["sign_ups"][0]["origin"] == IP
    assert told["suppression"][0]["reason"] == "bounce"
    assert told["deliveries"] == told["bounces_and_complaints"] == told["bounce_score"] == []


def test_after_erasing_no_table_holds_the_address(app: App, links: LinkSigner) -> None:
    confirmed(app, links)
    app.readers.ask(sign_up("ADA@example.org"), now=NOW)
    app.readers.erase(reader_token(links, "p", id_of(app.store)))
    with app.store._database.reading() as connection:
        held = {
            table.name: [row for row in connection.execute(select(table)) if "ada@" in str(row).casefold()]
            for table in tables.metadata.sorted_tables
        }
    assert {name for name, rows in held.items() if rows} == set()


def test_the_operator_erases_an_address_that_only_asked(app: App) -> None:
    app.readers.ask(sign_up(), now=NOW)
    assert "is erased" in app.subscribers.erase("ada@example.org")
    assert app.readers.answer(now=NOW) == 0


def test_what_nobody_confirmed_is_forgotten_after_a_week_and_nothing_else(
    app: App, links: LinkSigner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each in a transaction of its own.
    monkeypatch.setattr(statements, "_VALUES_PER_STATEMENT", 1)
    add(app, "kept@example.org")
    confirmed(app, links)
    for address in ("never@example.org", "kept@example.org"):
        app.readers.ask(sign_up(address, "harbour"), now=NOW)
    app.readers.answer(now=NOW)
    assert app.readers.forget_stale(now=NOW + 7 * DAY) == 0
    assert app.readers.forget_stale(now=NOW + 7 * DAY + HOUR) == 3 + 2 + 1
    assert app.readers.forget_stale(now=NOW + 7 * DAY + HOUR) == 0
    assert state_of(app.store) is S.CONFIRMED
    kept = app.store.subscribers.subscriptions(parse_address("kept@example.org"))
    assert kept == {"daily": S.CONFIRMED}
    with pytest.raises(SubscriberError, match="nobody has the address"):
        app.subscribers.erase("never@example.org")


def test_who_signs_up_again_is_not_forgotten_while_the_new_link_is_good(app: App) -> None:
    for days in (0, 6):
        app.readers.ask(sign_up(), now=NOW + days * DAY)
        app.readers.answer(now=NOW + days * DAY)
        for letter in app.store.letters.due(limit=9, now=NOW + days * DAY):
            app.store.letters.record(letter, LetterState.SENT, begun=False, reply="")
    app.readers.forget_stale(now=NOW + 8 * DAY)
    assert state_of(app.store) is S.UNCONFIRMED
