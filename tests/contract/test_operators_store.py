"""Accounts, sessions, wrong tries and the log, on both databases."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, update

from newsletter.admit.delays import delay_after
from newsletter.errors import OperatorError, SignInError, StoreError
from newsletter.model.audit import AuditEntry, AuditFilter
from newsletter.model.operators import Credentials, Place, PlaceKind, Role, SessionRules, Visit
from newsletter.store.operator_tables import audit
from newsletter.store.store import Store

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
RULES = SessionRules(idle_seconds=3600, most_seconds=86400)
VISIT = Visit(origin="192.0.2.1", network="192.0.2.0/24", browser="a browser")
ACCOUNT = Place(kind=PlaceKind.ACCOUNT, name="ada")
NETWORK = Place(kind=PlaceKind.NETWORK, name="192.0.2.0/24")


def entry(action: str = "act", at: datetime = NOW, **fields: str) -> AuditEntry:
    return AuditEntry(at=at, **({"actor": "test", "action": action, "subject": "ada"} | fields))


def add(store: Store, name: str, role: Role = Role.ADMIN) -> Credentials:
    store.operators.add(name, role, "", f"hash of {name}", entry("add operator", subject=name))
    found, _ = store.operators.recognise(name, "")
    assert found is not None
    return found


def start(store: Store, whose: Credentials, token: str, *, now: datetime = NOW, **options: object) -> None:
    values = {"is_full": True, "now": now} | options
    store.operator_sessions.start(whose, token, VISIT, **values)  # type: ignore[arg-type]


def attempt(store: Store, *places: Place, now: datetime = NOW) -> timedelta | None:
    made = store.sign_ins.attempt(places, delay_after, on_lock=entry("lock operator"), now=now)
    return None if made.locked_until is None else made.locked_until - now


def test_an_account_is_added_changed_and_removed(store: Store) -> None:
    assert not store.operators.any()
    with pytest.raises(OperatorError, match="must be an admin"):
        add(store, "bob", Role.EDITOR)
    add(store, "ada")
    with pytest.raises(OperatorError, match="already"):
        add(store, "ada")
    add(store, "bob", Role.EDITOR)
    for change in (
        lambda: store.operators.set_role("ada", Role.EDITOR, entry()),
        lambda: store.operators.remove("ada", entry()),
    ):
        with pytest.raises(OperatorError, match="last admin"):
            change()
    store.operators.set_role("bob", Role.ADMIN, entry("change role"))
    store.operators.set_address("bob", "bob@example.org", entry("change address"))
    store.operators.remove("ada", entry("remove operator"))
    [left] = store.operators.all(RULES, now=NOW)
    assert (left.name, left.role, left.address) == ("bob", Role.ADMIN, "bob@example.org")
    store.operators.remove("bob", entry("remove operator"))
    assert not store.operators.any()
    with pytest.raises(OperatorError, match="no operator bob"):
        store.operators.remove("bob", entry())
    actions = [one.action for one in store.audit.entries(AuditFilter(), before=None, limit=99)]
    assert actions == [
        *("remove operator", "remove operator", "change address", "change role"),
        *("add operator", "add operator"),
    ]


def test_two_admins_who_demote_each_other_at_once_leave_one(store: Store) -> None:
    add(store, "ada")
    add(store, "bob")
    refused = []

    def demote(name: str) -> None:
        try:
            store.operators.set_role(name, Role.EDITOR, entry())
        except OperatorError as error:
            refused.append(error)

    threads = [threading.Thread(target=demote, args=[name]) for name in ("ada", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert sorted(one.role for one in store.operators.all(RULES, now=NOW)) == [Role.ADMIN, Role.EDITOR]


def test_the_log_is_only_added_to(store: Store) -> None:
    for number in range(3):
        store.audit.record(entry(detail=f"{number}"))
    for change in (delete(audit), update(audit).values(actor="nobody")):
        with (
            pytest.raises(StoreError, match="only added to"),
            store._database.transaction() as connection,
        ):
            connection.execute(change)
    assert [one.detail for one in store.audit.entries(AuditFilter(), before=None, limit=9)] == ["2", "1", "0"]


def test_the_log_is_read_page_by_page_and_by_words(store: Store) -> None:
    for number in range(5):
        store.audit.record(entry("drop story", actor="Ada", subject=f"No. {number}", detail="50%_off"))
    store.audit.record(entry("pause edition", actor="bob"))
    read = store.audit.entries
    first = read(AuditFilter(actor="ada"), before=None, limit=3)
    assert [one.subject for one in first] == ["No. 4", "No. 3", "No. 2"]
    rest = read(AuditFilter(actor="ada"), before=first[-1].id, limit=3)
    assert [one.subject for one in rest] == ["No. 1", "No. 0"]
    assert [one.subject for one in read(AuditFilter(words="no. 3"), before=None, limit=9)] == ["No. 3"]
    assert len(read(AuditFilter(words="50%_"), before=None, limit=9)) == 5
    assert read(AuditFilter(words="5%f"), before=None, limit=9) == []
    assert [one.actor for one in read(AuditFilter(action="Pause"), before=None, limit=9)] == ["bob"]


def test_a_session_ends_when_it_is_idle_and_in_any_case(sqlite_store: Store) -> None:
    ada = add(sqlite_store, "ada")
    start(sqlite_store, ada, "token")
    find = sqlite_store.operator_sessions.find
    last = NOW
    while find("token", RULES, now=last + timedelta(minutes=59)) is not None:
        last += timedelta(minutes=59)
    assert last - NOW == timedelta(minutes=59 * 24)
    start(sqlite_store, ada, "idle")
    assert find("idle", RULES, now=NOW + timedelta(minutes=60)) is None
    counts = [
        sqlite_store.operators.all(RULES, now=NOW + timedelta(hours=hours))[0].sessions
        for hours in (0, 1, 24)
    ]
    assert counts == [2, 1, 0]
    sqlite_store.operator_sessions.forget_over(RULES, now=NOW + timedelta(days=1))
    assert sqlite_store.operator_sessions.id_of("token") is None


def test_a_session_that_waits_for_a_code_lets_nobody_in(sqlite_store: Store) -> None:
    start(sqlite_store, add(sqlite_store, "ada"), "half", is_full=False)
    assert sqlite_store.operator_sessions.find_half("half") is None, "there is no second factor to ask for"
    sqlite_store.operators.propose_secret("ada", "SECRET", step=1)
    sqlite_store.operators.confirm_secret("ada", "SECRET", 2, [], entry())
    assert sqlite_store.operator_sessions.find("half", RULES, now=NOW) is None
    assert sqlite_store.operator_sessions.of("ada", RULES, now=NOW) == []
    half = sqlite_store.operator_sessions.find_half("half")
    assert half is not None
    start(sqlite_store, half.credentials, "full", replaces="half")
    assert sqlite_store.operator_sessions.find_half("half") is None
    assert sqlite_store.operator_sessions.find_half("full") is None
    signed_in = sqlite_store.operator_sessions.find("full", RULES, now=NOW)
    assert signed_in is not None
    assert signed_in.name == "ada"


@pytest.mark.parametrize("change", ["password", "role", "removal", "sign-out everywhere"])
def test_what_changes_an_account_ends_its_sessions_and_nobody_elses(sqlite_store: Store, change: str) -> None:
    ada, bob = add(sqlite_store, "ada"), add(sqlite_store, "bob")
    start(sqlite_store, ada, "one", browser_hash="known")
    start(sqlite_store, ada, "half", is_full=False)
    start(sqlite_store, bob, "other")
    assert sqlite_store.operators.recognise("ada", "known")[1]
    {
        "password": lambda: sqlite_store.operators.set_password("ada", "another hash", entry()),
        "role": lambda: sqlite_store.operators.set_role("ada", Role.EDITOR, entry()),
        "removal": lambda: sqlite_store.operators.remove("ada", entry()),
        "sign-out everywhere": lambda: sqlite_store.operators.end_sessions("ada", entry()),
    }[change]()
    assert [sqlite_store.operator_sessions.id_of(token) for token in ("one", "half")] == [None, None]
    assert sqlite_store.operator_sessions.id_of("other") is not None
    assert not sqlite_store.operators.recognise("ada", "known")[1]


def test_a_password_that_was_changed_meanwhile_begins_no_session(sqlite_store: Store) -> None:
    ada = add(sqlite_store, "ada")
    sqlite_store.operators.set_password("ada", "another hash", entry())
    with pytest.raises(SignInError, match="Sign in again"):
        start(sqlite_store, ada, "token")
    add(sqlite_store, "bob")
    sqlite_store.operators.remove("ada", entry())
    with pytest.raises(SignInError, match="Sign in again"):
        start(sqlite_store, ada, "token")


def test_an_operator_ends_only_own_sessions(sqlite_store: Store) -> None:
    start(sqlite_store, add(sqlite_store, "ada"), "ada's")
    start(sqlite_store, add(sqlite_store, "bob"), "bob's")
    [of_bob] = sqlite_store.operator_sessions.of("bob", RULES, now=NOW)
    sqlite_store.operator_sessions.end_one("ada", of_bob.id, entry())
    assert sqlite_store.operator_sessions.id_of("bob's") == of_bob.id
    sqlite_store.operator_sessions.end_one("bob", of_bob.id, entry())
    assert sqlite_store.operator_sessions.id_of("bob's") is None


def test_codes_are_used_once(store: Store) -> None:
    ada = add(store, "ada")
    store.operators.propose_secret("ada", "SECRET", step=3)
    with pytest.raises(OperatorError, match="begin again"):
        store.operators.confirm_secret("ada", "ANOTHER", 7, [], entry())
    store.operators.confirm_secret("ada", "SECRET", 7, ["a", "b"], entry())
    with pytest.raises(OperatorError, match="already"):
        store.operators.propose_secret("ada", "NEW", step=3)
    assert [store.operators.use_step(ada.operator_id, step) for step in (7, 8, 8, 6, 9)] == [
        *(False, True, False, False, True)
    ]
    assert [store.operators.use_code(ada.operator_id, code) for code in ("a", "a", "c")] == [
        *(True, False, False)
    ]
    assert store.operators.all(RULES, now=NOW)[0].recovery_codes == 1
    store.operators.drop_secret("ada", entry())
    assert not store.operators.all(RULES, now=NOW)[0].has_second_factor
    assert not store.operators.use_code(ada.operator_id, "b")


def test_wrong_tries_lock_an_account_for_longer_and_longer(store: Store) -> None:
    add(store, "ada")
    now, waits = NOW, []
    for _ in range(8):
        wait = attempt(store, ACCOUNT, now=now)
        assert wait is None
        wait = attempt(store, ACCOUNT, now=now)
        while wait is None:
            wait = attempt(store, ACCOUNT, now=now)
        waits.append(wait.total_seconds())
        now += wait
    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]
    operator = store.operators.find("ada", RULES, now=now - timedelta(seconds=1))
    assert operator is not None
    assert (operator.failures, operator.locked_until) == (12, now)
    store.operators.unlock("ada", entry("unlock operator"))
    assert attempt(store, ACCOUNT, now=now) is None
    actions = [one.action for one in store.audit.entries(AuditFilter(), before=None, limit=99)]
    assert actions == ["unlock operator", *["lock operator"] * 8, "add operator"]


def test_a_try_that_was_not_wrong_is_taken_back(sqlite_store: Store) -> None:
    for _ in range(30):
        made = sqlite_store.sign_ins.attempt([ACCOUNT, NETWORK], delay_after, on_lock=entry(), now=NOW)
        assert made.locked_until is None
        sqlite_store.sign_ins.undo(made, forget=())
    for _ in range(4):
        assert attempt(sqlite_store, ACCOUNT) is None
    made = sqlite_store.sign_ins.attempt([ACCOUNT, NETWORK], delay_after, on_lock=entry(), now=NOW)
    sqlite_store.sign_ins.undo(made, forget=[PlaceKind.ACCOUNT])
    assert [attempt(sqlite_store, ACCOUNT) for _ in range(5)] == [None] * 5
    assert attempt(sqlite_store, ACCOUNT) is not None


def test_taking_a_try_back_does_not_open_a_lock_of_later_ones(sqlite_store: Store) -> None:
    for _ in range(3):
        attempt(sqlite_store, ACCOUNT)
    right = sqlite_store.sign_ins.attempt([ACCOUNT], delay_after, on_lock=entry(), now=NOW)
    assert attempt(sqlite_store, ACCOUNT) is None
    sqlite_store.sign_ins.undo(right, forget=())
    assert attempt(sqlite_store, ACCOUNT) is not None


def test_a_clock_that_was_wrong_locks_nobody_out(sqlite_store: Store) -> None:
    for _ in range(9):
        attempt(sqlite_store, ACCOUNT, now=NOW + timedelta(days=900))
    assert attempt(sqlite_store, ACCOUNT) is None


def test_wrong_tries_are_forgotten_after_a_day(sqlite_store: Store) -> None:
    for _ in range(4):
        attempt(sqlite_store, ACCOUNT)
    later = NOW + timedelta(hours=25)
    assert [attempt(sqlite_store, ACCOUNT, now=later) for _ in range(5)] == [None] * 5


def test_many_tries_at_once_are_no_more_than_one_after_the_other(store: Store) -> None:
    let_through = []

    def guess() -> None:
        for _ in range(5):
            if attempt(store, ACCOUNT) is None:
                let_through.append(1)

    threads = [threading.Thread(target=guess) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(let_through) == 5


def test_a_flood_of_networks_does_not_make_an_accounts_tries_forgotten(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.store.sign_ins._MOST_PLACES", 20)
    for _ in range(5):
        attempt(sqlite_store, ACCOUNT)
    for number in range(60):
        place = Place(kind=PlaceKind.NETWORK, name=f"network {number}")
        attempt(sqlite_store, place, now=NOW + timedelta(seconds=number / 100))
    assert attempt(sqlite_store, ACCOUNT) is not None
    with sqlite_store._database.reading() as connection:
        from newsletter.store.operator_tables import sign_in_failures

        assert len(connection.execute(sign_in_failures.select()).all()) <= 22


def test_unlocking_opens_the_account_its_browsers_and_all_networks_and_no_other_account(
    sqlite_store: Store,
) -> None:
    start(sqlite_store, add(sqlite_store, "ada"), "token", browser_hash="hers")
    start(sqlite_store, add(sqlite_store, "bob"), "another", browser_hash="his")
    places = [ACCOUNT, Place(kind=PlaceKind.BROWSER, name="hers"), NETWORK]
    others = [Place(kind=PlaceKind.ACCOUNT, name="bob"), Place(kind=PlaceKind.BROWSER, name="his")]
    for place in (*places, *others):
        for _ in range(20):
            attempt(sqlite_store, place)
        assert attempt(sqlite_store, place) is not None
    sqlite_store.operators.unlock("ada", entry())
    assert [attempt(sqlite_store, place) for place in places] == [None] * 3
    assert None not in [attempt(sqlite_store, place) for place in others]
