"""What follows from what came back, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from newsletter import subscribe
from newsletter.feedback import Intake, take_message, take_notice
from newsletter.messages.mime import message_id
from newsletter.messages.verp import ReturnPath, read_unsubscribe_token, unsubscribe_token
from newsletter.model.deliveries import DeliveryMark, DeliveryState, UncertainPolicy
from newsletter.model.feedback import (
    BounceKind,
    BouncePolicy,
    FeedbackAction,
    FeedbackKind,
    FeedbackOutcome,
    Notice,
    ParsedFeedback,
)
from newsletter.model.subscribers import Subscriber, SubscriptionState, SuppressionReason
from newsletter.store.feedback import count_bounce
from newsletter.store.store import Store
from newsletter.subscribe import parse_address

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
DAY = timedelta(days=1)
KEYS = ("a key of a test",)
PATHS = ReturnPath("bounces@news.example.org", KEYS)
ADA, BO = "ada@example.org", "bo@example.net"
A, K = FeedbackAction, FeedbackKind
HARD = ParsedFeedback(kind=K.HARD_BOUNCE, status="5.1.1", reason="no such user here")
SOFT = ParsedFeedback(kind=K.SOFT_BOUNCE, status="4.2.2", reason="mailbox full")
SPAM = ParsedFeedback(kind=K.COMPLAINT)
LEAVE = ParsedFeedback(kind=K.UNSUBSCRIBE)


@dataclass
class Desk:
    """Takes in messages whose reading is given."""

    store: Store
    policy: BouncePolicy
    count: int = 0

    def take(
        self, parsed: ParsedFeedback, *, now: datetime = NOW, content: bytes = b"", recipient: str = ""
    ) -> FeedbackOutcome:
        self.count += 1
        message = content or b"X-Number: %d\n\n" % self.count
        return take_message(self.store, message, self.intake(parsed), now=now, recipient=recipient)

    def intake(self, parsed: ParsedFeedback) -> Intake:
        return Intake(
            parse=lambda _: parsed,
            read_return_path=PATHS.read,
            read_letter=PATHS.read_letter,
            read_unsubscribe=lambda subject: read_unsubscribe_token(subject, KEYS),
            parse_address=parse_address,
            policy=self.policy,
        )

    def tell(self, notice: Notice, now: datetime = NOW) -> FeedbackOutcome:
        return take_notice(self.store, notice, self.intake(HARD), now=now)

    def suppressed(self, address: str) -> SuppressionReason | None:
        return self.store.subscribers.suppression(parse_address(address))

    def reader(self, address: str, list_name: str = "daily") -> Subscriber:
        return next(s for s in self.store.subscribers.listed(list_name) if s.address.display == address)


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store, BouncePolicy(limit=3, stale_days=7))


Send = Callable[..., dict[str, int]]


@pytest.fixture
def send(store: Store, subscribe, publish) -> Send:
    """Publish an edition and bring its deliveries into a state; returns delivery ids by address."""

    def make(
        *addresses: str, state: DeliveryState = DeliveryState.ACCEPTED, list_name: str = "daily"
    ) -> dict[str, int]:
        subscribe(*addresses, list_name=list_name)
        publish(f"Story for {list_name} {len(addresses)} {state}", list_name=list_name)
        claimed = store.deliveries.claim(sender="me", limit=100, now=NOW)
        ids = {delivery.address: delivery.id for delivery in claimed}
        policy = UncertainPolicy.HOLD
        steps = {"sender": "me", "policy": policy, "now": NOW}
        if state is DeliveryState.QUEUED:
            store.deliveries.release(sender="me", now=NOW)
            return ids
        store.deliveries.advance(begin=list(ids.values()), marks=[], **steps)
        if state is not DeliveryState.SENDING:
            marks = [
                DeliveryMark(
                    delivery_id=i, state=state, next_attempt_at=NOW + DAY if state == "deferred" else None
                )
                for i in ids.values()
            ]
            store.deliveries.advance(begin=[], marks=marks, **steps)
        return ids

    return make


def about(parsed: ParsedFeedback, delivery_id: int, **more: object) -> ParsedFeedback:
    return replace(parsed, return_paths=(PATHS.address_for(delivery_id),), **more)  # type: ignore[arg-type]


def test_a_hard_bounce_suppresses_at_once_and_is_told(desk: Desk, send: Send) -> None:
    ids = send(ADA, BO)
    outcome = desk.take(about(HARD, ids[ADA]))
    assert (outcome.action, outcome.address) == (A.SUPPRESSED, ADA)
    assert outcome.reason == "5.1.1 no such user here"
    assert desk.suppressed(ADA) is SuppressionReason.BOUNCE
    assert desk.suppressed(BO) is None
    assert desk.reader(ADA).state is SubscriptionState.CONFIRMED
    again = desk.take(about(HARD, ids[ADA]))
    assert (again.action, again.reason) == (A.NOTHING, "suppressed already; 5.1.1 no such user here")


def test_soft_bounces_are_counted_once_a_day_up_to_the_limit(desk: Desk, send: Send) -> None:
    bounce = about(SOFT, send(ADA)[ADA])
    first = desk.take(bounce)
    assert (first.action, first.reason) == (A.SCORED, "score 1 of 3; 4.2.2 mailbox full")
    assert desk.take(bounce, now=NOW + timedelta(hours=3)).action is A.NOTHING
    assert desk.take(bounce, now=NOW + DAY).action is A.SCORED
    assert desk.suppressed(ADA) is None
    assert desk.take(bounce, now=NOW + 2 * DAY).action is A.SUPPRESSED
    assert desk.suppressed(ADA) is SuppressionReason.BOUNCE


def test_soft_bounces_far_apart_suppress_nobody(desk: Desk, send: Send) -> None:
    bounce = about(SOFT, send(ADA)[ADA])
    assert [desk.take(bounce, now=NOW + 8 * n * DAY).action for n in range(4)] == [A.SCORED] * 4


def test_a_suppression_that_was_lifted_starts_at_nothing(desk: Desk, send: Send) -> None:
    bounce = about(SOFT, send(ADA)[ADA])
    for n in range(3):
        desk.take(bounce, now=NOW + n * DAY)
    desk.store.subscribers.lift_suppression(parse_address(ADA))
    assert desk.take(bounce, now=NOW + 3 * DAY).reason.startswith("score 1 of 3")


def test_a_complaint_suppresses_and_ends_the_subscription(desk: Desk, send: Send) -> None:
    ids = send(ADA)
    outcome = desk.take(about(SPAM, ids[ADA]))
    assert (outcome.action, outcome.address, outcome.reason) == (A.SUPPRESSED, ADA, "left daily")
    assert desk.suppressed(ADA) is SuppressionReason.COMPLAINT
    assert desk.reader(ADA).state is SubscriptionState.UNSUBSCRIBED
    assert desk.take(about(SPAM, ids[ADA])).action is A.NOTHING


def test_a_complaint_after_a_bounce_is_not_taken_for_a_broken_mailbox(desk: Desk, send: Send) -> None:
    ids = send(ADA)
    desk.take(about(HARD, ids[ADA]))
    assert desk.take(about(SPAM, ids[ADA])).action is A.SUPPRESSED
    assert desk.suppressed(ADA) is SuppressionReason.COMPLAINT


def test_the_operators_own_suppression_keeps_its_reason(desk: Desk, send: Send) -> None:
    ids = send(ADA)
    desk.store.subscribers.suppress(parse_address(ADA), SuppressionReason.OPERATOR, now=NOW)
    assert desk.take(about(SPAM, ids[ADA])).action is A.UNSUBSCRIBED
    assert desk.suppressed(ADA) is SuppressionReason.OPERATOR


@pytest.mark.parametrize("said", [HARD, SOFT, SPAM], ids=lambda p: p.kind)
def test_without_a_token_of_ours_nobody_is_touched(desk: Desk, send: Send, said: ParsedFeedback) -> None:
    ids = send(ADA)
    genuine = PATHS.address_for(ids[ADA])
    other_key = ReturnPath("bounces@news.example.org", ("another",)).address_for(ids[ADA])
    other_address = ReturnPath("bounces@news.example.com", KEYS).address_for(ids[ADA])
    for forged in (
        "",
        "bounces@news.example.org",
        genuine[:-20] + "x" + genuine[-19:],
        other_key,
        other_address,
    ):
        outcome = desk.take(replace(said, return_paths=(forged,), recipients=(ADA,)))
        assert outcome.action is A.NOT_BELIEVED, forged
        assert outcome.address == ""
    assert desk.suppressed(ADA) is None
    assert desk.reader(ADA).state is SubscriptionState.CONFIRMED


def test_a_token_for_another_purpose_is_not_believed(desk: Desk, send: Send) -> None:
    ids = send(ADA)
    reader = desk.reader(ADA)
    token = unsubscribe_token(reader.id, "daily", KEYS)
    forged = replace(
        HARD, return_paths=(f"bounces+{token}@news.example.org",), subject=f"unsubscribe daily {token}"
    )
    assert desk.take(forged).action is A.NOT_BELIEVED
    tag = PATHS.address_for(ids[ADA]).partition("+")[2].partition("@")[0]
    mail = replace(LEAVE, subject=f"unsubscribe daily {tag}", sender="mallory@example.com")
    assert desk.take(mail).action is A.UNKNOWN
    assert desk.reader(ADA).state is SubscriptionState.CONFIRMED


@pytest.mark.parametrize(
    ("state", "action"),
    [
        (DeliveryState.QUEUED, A.NOT_BELIEVED),
        (DeliveryState.DEFERRED, A.NOT_BELIEVED),
        (DeliveryState.FAILED, A.NOT_BELIEVED),
        (DeliveryState.SENDING, A.SUPPRESSED),
        (DeliveryState.UNCERTAIN, A.SUPPRESSED),
        (DeliveryState.ACCEPTED, A.SUPPRESSED),
    ],
)
def test_only_mail_that_a_server_may_have_can_come_back(
    desk: Desk, send: Send, state: DeliveryState, action: FeedbackAction
) -> None:
    ids = send(ADA, state=state)
    assert desk.take(about(HARD, ids[ADA], recipients=(ADA,))).action is action
    assert (desk.suppressed(ADA) is not None) is (action is A.SUPPRESSED)


def sent_id(store: Store, address: str, list_name: str = "daily", domain: str = "news.example.org") -> str:
    reader = next(s for s in store.subscribers.listed(list_name) if s.address.display == address)
    uid = store.editions.latest(list_name)[0].uid
    return message_id(uid, reader.id, domain)


def test_a_message_that_we_sent_to_the_reader_it_names_is_believed(desk: Desk, send: Send) -> None:
    send(ADA, BO)
    cited = sent_id(desk.store, ADA)
    wrong_reader = replace(HARD, recipients=(BO,), message_ids=(cited,))
    assert desk.take(wrong_reader).action is A.NOT_BELIEVED
    assert desk.take(replace(HARD, message_ids=(cited,))).action is A.NOT_BELIEVED
    assert desk.take(replace(HARD, recipients=(ADA,), message_ids=("<made@up>",))).action is A.NOT_BELIEVED
    junk = ("not an address", "ADA@Example.ORG")
    outcome = desk.take(replace(HARD, recipients=junk, message_ids=("<other@one>", cited)))
    assert (outcome.action, outcome.address) == (A.SUPPRESSED, ADA)
    assert desk.suppressed(BO) is None


def test_a_message_that_waits_to_be_sent_is_not_believed_by_its_id(desk: Desk, send: Send) -> None:
    send(ADA, state=DeliveryState.QUEUED)
    cited = sent_id(desk.store, ADA)
    assert desk.take(replace(HARD, recipients=(ADA,), message_ids=(cited,))).action is A.NOT_BELIEVED


def test_where_mail_is_forwarded_the_token_tells_the_reader(desk: Desk, send: Send) -> None:
    ids = send(ADA, BO)
    outcome = desk.take(about(HARD, ids[ADA], recipients=(BO,), message_ids=(sent_id(desk.store, BO),)))
    assert outcome.address == ADA
    assert desk.suppressed(BO) is None
    assert outcome.action is A.SCORED, "a dead mailbox that Ada's mail is forwarded to is not Ada's end"
    assert desk.suppressed(ADA) is None


def test_a_bounce_of_long_ago_suppresses_nobody_but_a_complaint_does(desk: Desk, send: Send) -> None:
    ids = send(ADA)
    late = desk.take(about(HARD, ids[ADA]), now=NOW + 31 * DAY)
    assert (late.action, late.address) == (A.NOTHING, ADA)
    assert late.reason == "about mail of long ago; 5.1.1 no such user here"
    assert desk.take(about(SPAM, ids[ADA]), now=NOW + 400 * DAY).action is A.SUPPRESSED


def test_of_a_reader_who_was_erased_nothing_is_kept(desk: Desk, send: Send) -> None:
    ids = send(ADA)
    desk.store.subscribers.erase(parse_address(ADA))
    for parsed in (HARD, SOFT, SPAM):
        outcome = desk.take(about(parsed, ids[ADA], reason="ada@example.org unknown"))
        assert (outcome.action, outcome.address) == (A.NOTHING, "")
        assert "ada" not in outcome.reason
    assert desk.suppressed(ADA) is None
    assert all("ada" not in record.outcome.reason for record in desk.store.feedback.latest(limit=9))


def test_a_token_from_before_a_restored_backup_does_no_harm(desk: Desk, send: Send) -> None:
    send(ADA)
    assert desk.take(about(HARD, 987_654)).action is A.NOTHING
    token = unsubscribe_token(987_654, "daily", KEYS)
    mail = replace(LEAVE, subject=f"unsubscribe daily {token}")
    assert desk.take(mail).action is A.NOTHING


def test_the_very_same_message_is_taken_in_once(desk: Desk, send: Send) -> None:
    bounce = about(SOFT, send(ADA)[ADA])
    message = b"Subject: Undelivered\n\nIt did not work.\n"
    assert desk.take(bounce, content=message).action is A.SCORED
    later = desk.take(bounce, content=b"From mailer Mon Nov 23\nStatus: RO\n" + message, now=NOW + DAY)
    assert (later.action, later.kind) == (A.REPEATED, K.SOFT_BOUNCE)
    assert len(desk.store.feedback.latest(limit=9)) == 1


def test_several_at_once_take_a_message_in_once(desk: Desk, send: Send) -> None:
    bounce = about(SOFT, send(ADA)[ADA])
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: desk.take(bounce, content=b"Subject: one\n\n").action, range(8)))
    assert sorted(done) == [A.SCORED, *[A.REPEATED] * 7]


def test_several_bounces_at_once_of_one_reader_count_one_day(desk: Desk, send: Send) -> None:
    bounce = about(SOFT, send(ADA)[ADA])
    contents = [b"X-Number: %d\n\n" % n for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda content: desk.take(bounce, content=content).action, contents))
    assert sorted(done) == sorted([A.SCORED, *[A.NOTHING] * 7])


def test_several_who_suppress_an_address_at_once_disturb_nobody(desk: Desk, send: Send) -> None:
    ids = send(ADA)
    contents = [b"X-Number: %d\n\n" % n for n in range(4)]
    with ThreadPoolExecutor(8) as pool:
        said = [pool.submit(desk.take, about(HARD, ids[ADA]), content=content) for content in contents]
        by_hand = [
            pool.submit(
                desk.store.subscribers.suppress, parse_address(ADA), SuppressionReason.OPERATOR, now=NOW
            )
            for _ in range(4)
        ]
    assert sum(future.result() for future in by_hand) <= 1
    assert {future.result().action for future in said} <= {A.SUPPRESSED, A.NOTHING}
    assert desk.suppressed(ADA) is not None


def test_a_token_in_the_subject_unsubscribes_whoever_sent_it(desk: Desk, send: Send) -> None:
    send(ADA, BO)
    token = unsubscribe_token(desk.reader(ADA).id, "daily", KEYS)
    mail = replace(LEAVE, subject=f"Re: unsubscribe daily {token}", sender=BO)
    outcome = desk.take(mail)
    assert (outcome.action, outcome.address) == (A.UNSUBSCRIBED, ADA)
    assert desk.reader(BO).state is SubscriptionState.CONFIRMED
    assert desk.suppressed(ADA) is None
    assert desk.take(mail).action is A.NOTHING


def test_a_token_counts_in_a_mail_that_looks_automatic_or_like_nothing(desk: Desk, send: Send) -> None:
    send(ADA, BO)
    for kind, address in ((K.AUTOMATIC, ADA), (K.UNKNOWN, BO)):
        token = unsubscribe_token(desk.reader(address).id, "daily", KEYS)
        mail = ParsedFeedback(
            kind=kind, subject=f"[EXT] unsubscribe daily {token}", sender="no-reply@x.example"
        )
        answer = desk.take(replace(mail, is_answer=True))
        assert (answer.kind, desk.reader(address).state) == (kind, SubscriptionState.CONFIRMED)
        outcome = desk.take(mail)
        assert (outcome.kind, outcome.action, outcome.address) == (K.UNSUBSCRIBE, A.UNSUBSCRIBED, address)
        assert outcome.reason == "left daily; by the token in the mail"
    forged = ParsedFeedback(
        kind=K.AUTOMATIC, subject=f"unsubscribe daily {unsubscribe_token(1, 'daily', ('x',))}"
    )
    assert desk.take(forged).action is A.NOTHING


def test_a_request_to_leave_that_was_sent_to_a_mails_return_path_is_understood(
    desk: Desk, send: Send
) -> None:
    ids = send(ADA)
    to = PATHS.address_for(ids[ADA]).upper()
    assert desk.take(replace(LEAVE, sender="someone@else.example"), recipient=to).address == ADA
    assert desk.reader(ADA).state is SubscriptionState.UNSUBSCRIBED


def test_the_address_in_from_leaves_the_list_it_is_on(desk: Desk, send: Send) -> None:
    send(ADA)
    assert desk.take(replace(LEAVE, subject="unsubscribe", sender="Ada@EXAMPLE.org")).action is A.UNSUBSCRIBED
    again = desk.take(replace(LEAVE, subject="unsubscribe", sender=ADA))
    assert (again.action, again.reason) == (A.NOTHING, "not on any list")


def test_on_several_lists_the_named_one_is_left_and_none_is_guessed(desk: Desk, send: Send) -> None:
    send(ADA)
    send(ADA, list_name="weekly")
    unclear = desk.take(replace(LEAVE, subject="Unsubscribe me", sender=ADA))
    assert unclear.action is A.UNKNOWN
    assert unclear.reason == f"asks to leave one of daily, weekly; from {ADA}: Unsubscribe me"
    assert desk.take(replace(LEAVE, subject="unsubscribe weekly", sender=ADA)).action is A.UNSUBSCRIBED
    assert desk.reader(ADA).state is SubscriptionState.CONFIRMED
    assert desk.reader(ADA, "weekly").state is SubscriptionState.UNSUBSCRIBED
    gone = desk.take(replace(LEAVE, subject="unsubscribe weekly", sender=ADA))
    assert (gone.action, gone.reason) == (A.NOTHING, "not on weekly")


@pytest.mark.parametrize("sender", ["nobody@example.com", "", "junk", "\0@\ud800"])
def test_a_request_to_leave_by_nobody_we_know_is_for_a_person(desk: Desk, send: Send, sender: str) -> None:
    send(ADA)
    outcome = desk.take(replace(LEAVE, subject="unsubscribe\0\ud800 daily", sender=sender))
    assert outcome.action is A.UNKNOWN
    assert outcome.reason.startswith("asks to leave, and is on no list under this address; from ")


def test_erasing_clears_what_was_kept_of_a_mail_from_before_the_address_was_known(desk: Desk) -> None:
    for sender in ("new%one@Example.org", "another@example.org"):
        desk.take(ParsedFeedback(kind=K.UNKNOWN, sender=sender, subject="May I read along?"))
    subscribe.add(desk.store, "daily", "new%one@example.org", source="a form", now=NOW)
    assert desk.store.subscribers.erase(parse_address("new%one@example.org"))
    reasons = [record.outcome.reason for record in desk.store.feedback.latest(limit=9)]
    assert reasons == ["from another@example.org: May I read along?", ""]


def test_erasing_a_reader_clears_what_was_kept_of_his_mail(desk: Desk, send: Send) -> None:
    ids = send(ADA)
    desk.take(ParsedFeedback(kind=K.UNKNOWN, sender=ADA, subject="A question from Ada"))
    desk.take(about(HARD, ids[ADA], reason="<ada@example.org> unknown"))
    desk.store.subscribers.erase(parse_address(ADA))
    records = desk.store.feedback.latest(limit=9)
    assert [(r.outcome.address, r.outcome.reason) for r in records] == [("", "")] * 2


def test_of_a_forged_bounce_no_address_is_kept(desk: Desk, send: Send) -> None:
    send(ADA)
    outcome = desk.take(replace(HARD, recipients=(ADA,), reason="<ada@example.org>: unknown"))
    assert outcome.reason == "no token of ours, no mail that we sent; 5.1.1 <…@example.org>: unknown"


def test_automatic_mail_changes_nothing(desk: Desk, send: Send) -> None:
    ids = send(ADA)
    automatic = about(ParsedFeedback(kind=K.AUTOMATIC, reason="away"), ids[ADA])
    assert desk.take(automatic).action is A.NOTHING
    assert desk.suppressed(ADA) is None


def test_the_log_has_the_newest_first(desk: Desk, send: Send) -> None:
    ids = send(ADA)
    desk.take(about(SOFT, ids[ADA]))
    desk.take(ParsedFeedback(kind=K.UNKNOWN, sender=BO, subject="Hello"), now=NOW + DAY)
    newest, oldest = desk.store.feedback.latest(limit=2)
    assert (newest.outcome.action, newest.outcome.reason) == (A.UNKNOWN, f"from {BO}: Hello")
    assert (oldest.received_at, oldest.outcome.address) == (NOW, ADA)
    assert len(desk.store.feedback.latest(limit=1)) == 1


def test_a_notice_is_held_to_the_same_rules(desk: Desk, send: Send) -> None:
    ids = send(ADA, BO)
    forged = Notice(is_complaint=True, recipient=ADA, message_id="<made@up>")
    assert desk.tell(forged).action is A.NOT_BELIEVED
    full = Notice(is_complaint=False, return_path=PATHS.address_for(ids[ADA]), status="5.2.2", reason="full")
    assert desk.tell(full).action is A.SCORED
    assert desk.tell(full).action is A.REPEATED
    gone = Notice(is_complaint=False, return_path=PATHS.address_for(ids[ADA]), status="5.1.1")
    assert desk.tell(gone).action is A.SUPPRESSED
    by_id = Notice(is_complaint=True, recipient=BO, message_id=sent_id(desk.store, BO).strip("<>"))
    assert desk.tell(by_id).action is A.SUPPRESSED
    assert desk.suppressed(BO) is SuppressionReason.COMPLAINT


def test_refusals_within_a_session_are_counted_by_the_same_rule(desk: Desk, send: Send) -> None:
    send(ADA, BO)
    feedback = desk.store.feedback
    ada, bo = desk.reader(ADA).id, desk.reader(BO).id

    def refuse(reader: int, kind: BounceKind, now: datetime = NOW) -> bool:
        with feedback._database.transaction() as connection:
            return count_bounce(connection, feedback._hasher, reader, kind, desk.policy, now=now)

    assert not refuse(ada, BounceKind.NONE)
    assert [refuse(ada, BounceKind.SOFT, NOW + n * DAY) for n in (0, 0, 1, 2)] == [False, False, False, True]
    assert not refuse(ada, BounceKind.HARD), "suppressed already"
    assert refuse(bo, BounceKind.HARD)
    assert desk.suppressed(BO) is SuppressionReason.BOUNCE
    desk.store.subscribers.lift_suppression(parse_address(BO))
    desk.store.subscribers.erase(parse_address(BO))
    assert not refuse(bo, BounceKind.HARD)
