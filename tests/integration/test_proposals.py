"""Proposals: editions that an operator sees, and decides about, before they go out."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.app import App
from newsletter.bound.press import press as press_of
from newsletter.errors import ProposalChangedError, ProposalError, PublishConflictError
from newsletter.model.audit import AuditFilter
from newsletter.model.checks import CheckKind
from newsletter.model.editions import Approval, Edition, MailingList, RunOutcome, Turn
from newsletter.model.explanations import StoryRole
from newsletter.model.proposals import Proposal, ProposalState, Ruling
from newsletter.publish import publish
from newsletter.publish.proposing import usual_facts

START = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
REVIEW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
SLOT = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

STORIES = {
    "bridge": "Harrow bridge closed after cracks are found",
    "bank": "Bank cuts its rate to three percent",
    "ferry": "Ferry to Port Aldis runs again",
}
TEXTS = {
    "bridge": """The road bridge over the River Senn at Harrow was closed on Saturday after inspectors found
cracks in two of its girders. Engineer Ilse Marrin said the repair of the bridge would take six weeks.""",
    "bank": """The Bank of Aldmere lowered its main interest rate by a quarter of a point on Thursday.
Governor Nadia Kerr said that inflation had come down faster than the bank had hoped in the spring.""",
    "ferry": """The night ferry to Port Aldis sailed again on Sunday after eleven days in the dock. Its
captain, Tove Lund, said that the new engine had cost the island council four million crowns.""",
}


def write(folder: Path, *names: str) -> None:
    for name in names:
        source = f"Source: The {name.title()} Gazette"
        (folder / f"{name}.txt").write_text(f"{STORIES[name]}\n\n{TEXTS[name]}\n\n{source}\n")


PLACES = ("Harrow", "Skarn", "Vessby", "Tessen", "Aldmere", "Marl", "Lindow", "Orvik", "Quist", "Brayle")

Make = Callable[..., App]


@pytest.fixture
def make(sqlite_url: str, folder: Path) -> Iterator[Make]:
    made: list[App] = []

    def make_app(**overrides: object) -> App:
        values = {
            "database_url": sqlite_url,
            "folders": (folder,),
            "settle_seconds": 0,
            "list_name": "daily",
            "approval": "required",
            "sender_address": "digest@news.example.org",
        }
        app = App.isolated(**(values | overrides))
        app.slots_due(app.mailing_list(None), now=START)
        app.subscribers.add(app.mailing_list(None), "ada@example.org", now=START)
        made.append(app)
        return app

    yield make_app
    for app in made:
        app.close()


@pytest.fixture
def app(make: Make) -> App:
    return make()


def daily(app: App) -> MailingList:
    return app.mailing_list(None)


def take(app: App, now: datetime) -> list[RunOutcome]:
    return [report.run.outcome for report in app.publish_due(daily(app), now=now)]


def proposed(app: App, folder: Path, *names: str, now: datetime = REVIEW) -> Proposal:
    write(folder, *(names or STORIES))
    app.ingest(now=now - MINUTE)
    assert take(app, now) == [RunOutcome.PROPOSED]
    proposal = app.proposals.of("daily")
    assert proposal is not None
    return proposal


def send_unasked(app: App, *, now: datetime, slot_at: datetime | None = None) -> None:
    """Publish what is new, as a process does that looked before anything was proposed."""
    publish(app.store, daily(app), press_of(app.settings, daily(app)), now=now, slot_at=slot_at)


def editions(app: App) -> list[Edition]:
    found = app.store.editions.latest("daily", limit=9)
    return [app.store.editions.content(one.id) for one in reversed(found)]


def headlines(edition: Edition) -> list[str]:
    return [item.headline for item in edition.told]


def new_headlines(app: App) -> set[str]:
    return {document.headline for document in app.store.documents.new_for("daily")}


def test_what_was_approved_is_what_is_sent_at_the_slot(app: App, folder: Path) -> None:
    proposal = proposed(app, folder, "bridge", "bank")
    seen = app.proposals.content(proposal)
    app.proposals.approve(proposal.id, version=proposal.version, by="ada", now=REVIEW + MINUTE)
    write(folder, "ferry")
    app.ingest(now=REVIEW + 2 * MINUTE)
    assert take(app, SLOT - MINUTE) == []
    assert take(app, SLOT) == [RunOutcome.PUBLISHED]
    [edition] = editions(app)
    [published] = app.store.editions.latest("daily")
    assert replace(edition, created_at=REVIEW, gathered_at=None) == seen.edition
    sent = app.store.editions.rendering(published.id)
    assert (sent.html, sent.text, sent.subject) == (
        seen.rendering.html,
        seen.rendering.text,
        seen.rendering.subject,
    )
    assert sent.headers.date == published.created_at == SLOT, "its mails bear the time at which they go out"
    assert new_headlines(app) == {STORIES["ferry"]}, "what came later is for the next edition"
    assert app.proposals.get(proposal.id).state is ProposalState.PUBLISHED
    assert take(app, SLOT + MINUTE) == []


def test_what_nobody_approves_is_skipped_and_told_in_the_next_edition(app: App, folder: Path) -> None:
    proposal = proposed(app, folder)
    assert take(app, SLOT) == []
    assert app.proposals.turn(daily(app), now=SLOT) is Turn.NONE, "nothing to do until somebody decides"
    assert take(app, SLOT + 6 * HOUR) == []
    assert take(app, SLOT + 6 * HOUR + MINUTE) == [RunOutcome.SKIPPED]
    [run] = app.store.editions.runs("daily")
    assert run.reason == "nobody approved it within 6 h; its documents come in the next edition"
    assert app.proposals.get(proposal.id).state is ProposalState.EXPIRED
    assert len(new_headlines(app)) == 3
    with pytest.raises(ProposalError, match="expired"):
        app.proposals.approve(proposal.id, by="ada", now=SLOT + 7 * HOUR)
    assert len(headlines(app.proposals.content(app.proposals.get(proposal.id)).edition)) == 3
    assert take(app, REVIEW + DAY) == [RunOutcome.PROPOSED]
    with pytest.raises(ProposalError, match="no longer kept"):
        app.proposals.content(app.proposals.get(proposal.id))


def test_what_is_approved_after_its_slot_goes_out_at_once(app: App, folder: Path) -> None:
    proposal = proposed(app, folder)
    assert take(app, SLOT + HOUR) == []
    app.proposals.approve(proposal.id, by="ada", now=SLOT + HOUR)
    assert app.proposals.turn(daily(app), now=SLOT + HOUR) is Turn.ANSWER
    assert take(app, SLOT + HOUR + MINUTE) == [RunOutcome.PUBLISHED]
    [edition] = editions(app)
    assert edition.slot_at == SLOT
    assert app.store.deliveries.due_count(now=SLOT + HOUR + MINUTE) == 1


def test_nobody_approves_what_is_too_late(app: App, folder: Path) -> None:
    proposal = proposed(app, folder)
    with pytest.raises(ProposalError, match="not sent in time"):
        app.proposals.approve(proposal.id, by="ada", now=SLOT + 6 * HOUR + MINUTE)
    assert app.proposals.waiting(now=SLOT + 6 * HOUR + MINUTE) == ()


def test_an_edition_that_was_sent_meanwhile_is_proposed_anew_and_approval_does_not_carry_over(
    app: App, make: Make, folder: Path
) -> None:
    proposal = proposed(app, folder, "bridge")
    app.proposals.approve(proposal.id, by="ada", now=REVIEW)
    send_unasked(app, now=REVIEW + MINUTE)
    write(folder, "bank")
    app.ingest(now=REVIEW + 2 * MINUTE)
    app.proposals.hold(proposal.id, by="ada", now=REVIEW)
    with pytest.raises(ProposalError, match="renew"):
        app.proposals.approve(proposal.id, by="ada", now=REVIEW)
    assert app.proposals.turn(daily(app), now=SLOT) is Turn.ANSWER
    assert take(app, SLOT) == [RunOutcome.PROPOSED]
    renewed = app.proposals.get(proposal.id)
    assert (renewed.number, renewed.version > proposal.version) == (2, True)
    assert "made anew" in renewed.note
    assert [pending.ruling for pending in app.proposals.waiting(now=SLOT)] == [Ruling.WAITS]
    app.proposals.approve(proposal.id, by="ada", now=SLOT)
    assert take(app, SLOT) == [RunOutcome.PUBLISHED]
    assert [headlines(edition) for edition in editions(app)] == [
        [STORIES["bridge"]],
        [STORIES["bank"]],
    ]


def test_nothing_left_to_tell_withdraws_what_was_proposed(app: App, folder: Path) -> None:
    proposed(app, folder, "bridge")
    send_unasked(app, now=REVIEW + MINUTE)
    assert take(app, REVIEW + 2 * MINUTE) == []
    assert app.proposals.waiting(now=REVIEW) == ()
    assert take(app, SLOT) == [RunOutcome.NOTHING_NEW]


@pytest.mark.parametrize("late", [timedelta(0), HOUR + MINUTE], ids=["before the slot", "after it"])
def test_an_operator_who_withdraws_an_edition_by_renewing_it_is_in_the_log(
    app: App, folder: Path, late: timedelta
) -> None:
    proposal = proposed(app, folder, "bridge")
    send_unasked(app, now=REVIEW)
    assert app.proposals.renew(proposal.id, by="ada", now=REVIEW + late) is None
    assert [(one.actor, one.detail) for one in app.audit.entries(AuditFilter(action="renew edition"))] == [
        ("ada", "nothing is left to tell")
    ]


def test_a_skipped_edition_leaves_its_documents_to_the_next_one(app: App, folder: Path) -> None:
    proposal = proposed(app, folder)
    app.proposals.skip(proposal.id, by="ada", now=REVIEW)
    assert app.proposals.going("daily") is None
    assert take(app, SLOT) == [RunOutcome.SKIPPED]
    [run] = app.store.editions.runs("daily")
    assert run.reason == "left out by ada; its documents wait for the next edition"
    assert len(new_headlines(app)) == 3
    again = proposed(app, folder, now=REVIEW + DAY)
    assert len(headlines(app.proposals.content(again).edition)) == 3


def test_who_skipped_may_think_better_of_it_before_the_slot(app: App, folder: Path) -> None:
    proposal = proposed(app, folder)
    app.proposals.skip(proposal.id, by="ada", now=REVIEW)
    app.proposals.approve(proposal.id, by="ada", now=REVIEW + MINUTE)
    assert take(app, SLOT) == [RunOutcome.PUBLISHED]


def test_a_dropped_story_never_comes_back(app: App, folder: Path) -> None:
    proposal = proposed(app, folder)
    number = headlines(app.proposals.content(proposal).edition).index(STORIES["bank"]) + 1
    changed = app.proposals.drop_story(proposal.id, number, version=1, by="ada", now=REVIEW)
    edition = app.proposals.content(changed).edition
    assert STORIES["bank"] not in headlines(edition)
    assert [story.headline for story in edition.dropped] == [STORIES["bank"]]
    assert STORIES["bank"] not in app.proposals.content(changed).rendering.text
    # Neither by renewing, nor by skipping, nor by sending without asking.
    renewed = app.proposals.renew(proposal.id, by="ada", now=REVIEW + MINUTE)
    assert renewed is not None
    assert STORIES["bank"] not in headlines(app.proposals.content(renewed).edition)
    app.proposals.skip(proposal.id, by="ada", now=REVIEW + 2 * MINUTE)
    assert take(app, SLOT) == [RunOutcome.SKIPPED]
    report = app.publish(daily(app), now=SLOT + HOUR)
    assert report.edition is not None
    [published] = editions(app)
    assert STORIES["bank"] not in headlines(published)
    assert [story.headline for story in published.dropped] == [STORIES["bank"]]
    assert new_headlines(app) == set()


def test_renewing_brings_back_what_was_dropped_only_if_asked_to(app: App, folder: Path) -> None:
    proposal = proposed(app, folder)
    app.proposals.drop_story(proposal.id, 1, by="ada", now=REVIEW)
    app.proposals.renew(proposal.id, with_dropped=True, by="ada", now=REVIEW)
    renewed = app.proposals.get(proposal.id)
    assert len(headlines(app.proposals.content(renewed).edition)) == 3
    assert renewed.dropped == ()


def test_a_change_takes_the_approval_back(app: App, folder: Path) -> None:
    proposal = proposed(app, folder)
    app.proposals.approve(proposal.id, by="ada", now=REVIEW)
    changed = app.proposals.move_story(proposal.id, 2, to=1, by="bo", now=REVIEW)
    assert changed.state is ProposalState.PROPOSED
    assert take(app, SLOT) == []
    app.proposals.approve(proposal.id, by="ada", now=SLOT)
    assert take(app, SLOT) == [RunOutcome.PUBLISHED]


def test_a_headline_of_the_operator_is_told_and_marked(app: App, folder: Path) -> None:
    proposal = proposed(app, folder)
    was = headlines(app.proposals.content(proposal).edition)[0]
    app.proposals.replace_headline(proposal.id, 1, "  What the operator\nwrote ", by="ada", now=REVIEW)
    app.proposals.approve(proposal.id, by="ada", now=REVIEW)
    take(app, SLOT)
    [edition] = editions(app)
    [published] = app.store.editions.latest("daily")
    first = edition.stories[0]
    assert (first.headline, first.original_headline) == ("What the operator wrote", was)
    assert edition.subject.startswith("What the operator wrote")
    rendering = app.store.editions.rendering(published.id)
    assert rendering.subject == edition.subject
    for part in (rendering.html, rendering.text):
        assert "What the operator wrote" in part
    explained = app.explanations.edition(daily(app), number=1, now=SLOT)
    assert explained is not None
    assert explained.entries[0].original_headline == was


def test_two_operators_at_once_the_second_is_told(app: App, folder: Path) -> None:
    proposal = proposed(app, folder)
    app.proposals.drop_story(proposal.id, 3, version=1, by="ada", now=REVIEW)
    with pytest.raises(ProposalChangedError, match="changed by ada"):
        app.proposals.approve(proposal.id, version=1, by="bo", now=REVIEW)
    assert app.proposals.get(proposal.id).state is ProposalState.PROPOSED


def test_of_many_decisions_at_one_moment_one_counts(store_url: str, make: Make, folder: Path) -> None:
    app = make(database_url=store_url)
    proposal = proposed(app, folder)

    def decide(number: int) -> bool:
        try:
            verb = app.proposals.approve if number % 2 else app.proposals.skip
            verb(proposal.id, version=1, by=f"operator {number}", now=REVIEW)
        except ProposalChangedError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(decide, range(8))).count(True) == 1
    entries = app.store.audit.entries(AuditFilter(), before=None, limit=9)
    assert len(entries) == 1, "what was not decided is not on record"
    assert entries[0].actor == app.proposals.get(proposal.id).decided_by


def test_two_services_propose_once_and_publish_once(store_url: str, make: Make, folder: Path) -> None:
    app = make(database_url=store_url, approval="checked", hold_on=())
    write(folder, *STORIES)
    app.ingest(now=START)

    def turn(now: datetime) -> list[RunOutcome]:
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda _: take(app, now), range(4)))
        return [outcome for one in found for outcome in one]

    assert turn(REVIEW) == [RunOutcome.PROPOSED]
    assert turn(SLOT) == [RunOutcome.PUBLISHED]
    assert len(editions(app)) == 1
    assert app.store.deliveries.due_count(now=SLOT) == 1


def test_a_checked_list_is_held_for_what_its_operator_chose(make: Make, folder: Path) -> None:
    app = make(approval="checked", hold_on=("source",))
    proposal = proposed(app, folder, "bridge")
    assert [(check.kind, check.story) for check in proposal.holding] == [(CheckKind.SOURCE, 1)]
    assert take(app, SLOT) == []
    app.proposals.approve(proposal.id, by="ada", now=SLOT)
    assert take(app, SLOT) == [RunOutcome.PUBLISHED]


def test_a_checked_list_with_nothing_to_look_at_goes_out_by_itself(make: Make, folder: Path) -> None:
    app = make(approval="checked")
    proposed(app, folder)
    assert [pending.ruling for pending in app.proposals.waiting(now=REVIEW)] == [Ruling.GOES_OUT]
    assert take(app, SLOT) == [RunOutcome.PUBLISHED]


def test_an_automatic_list_proposes_nothing_by_itself_and_can_be_held_all_the_same(
    make: Make, folder: Path
) -> None:
    app = make(approval="automatic")
    write(folder, *STORIES)
    app.ingest(now=START)
    assert take(app, REVIEW) == []
    proposal = app.proposals.propose(daily(app), by="ada", now=REVIEW)
    assert app.proposals.pending(proposal).ruling is Ruling.GOES_OUT
    app.proposals.hold(proposal.id, by="ada", now=REVIEW)
    assert take(app, SLOT) == []
    app.proposals.approve(proposal.id, by="ada", now=SLOT)
    assert take(app, SLOT) == [RunOutcome.PUBLISHED]
    with pytest.raises(ProposalError, match="nothing to propose"):
        app.proposals.propose(daily(app), by="ada", now=SLOT + HOUR)


def test_an_edition_cannot_pass_one_that_was_proposed_at_the_same_moment(make: Make, folder: Path) -> None:
    app = make(approval="automatic")
    write(folder, *STORIES)
    app.ingest(now=START)
    app.proposals.hold(app.proposals.propose(daily(app), by="ada", now=REVIEW).id, by="ada", now=REVIEW)
    with pytest.raises(PublishConflictError, match="is proposed"):
        send_unasked(app, now=SLOT, slot_at=SLOT)
    assert editions(app) == []


def test_sending_by_hand_counts_as_approval_and_answers_the_slot(app: App, folder: Path) -> None:
    proposal = proposed(app, folder)
    app.proposals.drop_story(proposal.id, 1, by="ada", now=REVIEW)
    report = app.publish(daily(app), now=REVIEW + MINUTE, by="root (command line)")
    assert report.edition is not None
    assert report.edition.slot_at == SLOT
    [edition] = editions(app)
    assert len(edition.told) == 2
    assert take(app, SLOT) == []
    entry = app.store.audit.entries(AuditFilter(), before=None, limit=1)[0]
    assert (entry.actor, entry.action) == ("root (command line)", "send edition")
    assert app.store.editions.answered_until("daily", now=SLOT) == SLOT


def test_a_schedule_that_was_changed_loses_no_proposal(make: Make, folder: Path) -> None:
    app = make()
    proposal = proposed(app, folder)
    app.proposals.approve(proposal.id, by="ada", now=REVIEW)
    other = make(schedule="0 9 * * *")
    assert take(other, SLOT) == [RunOutcome.PUBLISHED]
    assert other.proposals.waiting(now=SLOT) == ()


def test_a_proposal_that_waits_gives_way_to_the_next_slot(make: Make, folder: Path) -> None:
    app = make(schedule="0 7,9 * * *")
    proposal = proposed(app, folder)
    assert take(app, SLOT + 90 * MINUTE) == [], "one waits at a time"
    assert take(app, SLOT + 2 * HOUR) == [RunOutcome.SKIPPED, RunOutcome.PROPOSED]
    assert app.store.editions.runs("daily")[0].reason.startswith("nobody approved it before the next")
    assert app.proposals.get(proposal.id).state is ProposalState.EXPIRED


def test_a_broken_template_is_told_and_the_mended_one_is_proposed(
    make: Make, folder: Path, tmp_path: Path
) -> None:
    template = tmp_path / "own" / "email" / "edition" / "subject.txt"
    template.parent.mkdir(parents=True)
    template.write_text("{{ nothing }}")
    app = make(template_folder=tmp_path / "own")
    write(folder, *STORIES)
    app.ingest(now=START)
    with pytest.raises(Exception, match="subject.txt"):
        take(app, REVIEW)
    assert [run.outcome for run in app.store.editions.runs("daily")] == [RunOutcome.FAILED]
    template.write_text("{{ edition.subject }}")
    assert take(app, REVIEW + MINUTE) == [RunOutcome.PROPOSED]


def test_without_review_time_the_edition_is_proposed_at_its_slot(make: Make, folder: Path) -> None:
    app = make(review_minutes=0)
    write(folder, *STORIES)
    app.ingest(now=START)
    assert take(app, SLOT - MINUTE) == []
    assert take(app, SLOT) == [RunOutcome.PROPOSED]


@pytest.mark.parametrize("approval", list(Approval))
def test_without_readers_nothing_is_proposed(make: Make, folder: Path, approval: Approval) -> None:
    app = make(approval=approval.value)
    app.subscribers.remove(daily(app), "ada@example.org", suppress=False, now=START)
    write(folder, *STORIES)
    app.ingest(now=START)
    assert take(app, REVIEW) == []
    assert take(app, SLOT) == [RunOutcome.NO_SUBSCRIBERS]


def test_a_source_that_has_gone_quiet_is_among_what_to_look_at(make: Make, folder: Path) -> None:
    app = make(approval="checked", hold_on=("silence",))
    days = [START - (12 - number) * DAY for number in range(6)]
    for number, day in enumerate(days):
        (folder / f"old{number}.txt").write_text(f"Old news {number}\n\nSomething was so on day {number}.\n")
        app.ingest(now=day)
    press = press_of(app.settings, daily(app))
    fresh = usual_facts(app.store, daily(app), press, now=days[-1] + DAY)
    assert fresh.quiet == ()
    quiet = usual_facts(app.store, daily(app), press, now=days[-1] + 5 * DAY).quiet
    assert [(source.name, source.last_day) for source in quiet] == [(str(folder), days[-1].date())]
    elsewhere = replace(daily(app), sources=())
    press = press_of(app.settings, elsewhere)
    assert usual_facts(app.store, elsewhere, press, now=days[-1] + 5 * DAY).quiet == ()


def test_explanations_name_what_an_operator_dropped(app: App, folder: Path) -> None:
    proposal = proposed(app, folder)
    app.proposals.drop_story(proposal.id, 3, by="ada", now=REVIEW)
    explained = app.explanations.edition(daily(app), now=REVIEW)
    assert explained is not None
    assert [entry.role for entry in explained.entries].count(StoryRole.DROPPED) == 1
    assert explained.entries[-1].role is StoryRole.DROPPED


def test_a_list_that_is_no_longer_set_has_nothing_that_waits(make: Make, folder: Path) -> None:
    proposal = proposed(make(), folder)
    other = make(list_name="other")
    assert other.proposals.waiting(now=REVIEW) == ()
    with pytest.raises(ProposalError, match="no longer set"):
        other.proposals.approve(proposal.id, by="ada", now=REVIEW)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["news", "wait", "wait", "approve", "hold", "skip", "drop", "move", "headline", "renew", "send"]
        ),
        st.integers(1, 4),
    ),
    max_size=25,
)


@pytest.mark.sweep
@given(approval=st.sampled_from(Approval), steps=STEPS)
@hypothesis.settings(max_examples=20, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
def test_whatever_operators_do_each_document_is_told_once_and_each_slot_answered_once(
    sqlite_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
    approval: Approval,
    steps: list[tuple[str, int]],
) -> None:
    """The list has a slot every six hours; at the end somebody approves whatever comes."""
    place = tmp_path_factory.mktemp("steps")
    (place / "in").mkdir()
    app = App.isolated(
        database_url=f"sqlite:///{shutil.copy(sqlite_template, place / 'store.db')}",
        folders=(place / "in",),
        settle_seconds=0,
        list_name="daily",
        schedule="0 */6 * * *",
        grace_hours=9,
        weekly_schedule="off",
        approval=approval.value,
        review_minutes=120,
        sender_address="digest@news.example.org",
    )
    try:
        life = Life(app, place / "in")
        for step, number in steps:
            life.take(step, number)
        life.come_to_an_end()
        life.check()
    finally:
        app.close()


class Life:
    """An install, its clock, and operators who do what comes to their minds."""

    def __init__(self, app: App, folder: Path) -> None:
        self.app, self.folder, self.now = app, folder, START
        app.slots_due(daily(app), now=self.now)
        app.subscribers.add(daily(app), "ada@example.org", now=self.now)
        self.written = 0

    def take(self, step: str, number: int) -> None:
        if step == "news":
            for _ in range(number):
                self.written += 1
                name = f"{PLACES[self.written % len(PLACES)]}{self.written}"
                text = f"{name} opens its works\n\nThe council of {name} opened {name}works {number}.\n"
                (self.folder / f"{self.written}.txt").write_text(text)
            self.app.ingest(now=self.now)
        elif step == "wait":
            self.pass_hours(number)
        elif step == "send":
            self.app.publish(daily(self.app), now=self.now)
        else:
            self.decide(step, number)

    def pass_hours(self, hours: int) -> None:
        for _ in range(hours):
            self.now += HOUR
            self.app.publish_due(daily(self.app), now=self.now)

    def decide(self, step: str, number: int) -> None:
        proposals, proposal = self.app.proposals, self.app.proposals.of("daily")
        if proposal is None:
            return
        by, now = "ada", self.now
        verbs: dict[str, Callable[[], object]] = {
            "approve": lambda: proposals.approve(proposal.id, by=by, now=now),
            "hold": lambda: proposals.hold(proposal.id, by=by, now=now),
            "skip": lambda: proposals.skip(proposal.id, by=by, now=now),
            "drop": lambda: proposals.drop_story(proposal.id, number, by=by, now=now),
            "move": lambda: proposals.move_story(proposal.id, number, to=1, by=by, now=now),
            "headline": lambda: proposals.replace_headline(
                proposal.id, number, f"Mine {now}", by=by, now=now
            ),
            "renew": lambda: proposals.renew(proposal.id, by=by, now=now),
        }
        with suppress(ProposalError):
            verbs[step]()

    def come_to_an_end(self) -> None:
        for _ in range(30):
            self.pass_hours(1)
            self.decide("approve", 1)

    def check(self) -> None:
        store = self.app.store
        made = [store.editions.content(one.id) for one in store.editions.latest("daily", limit=99)]
        told = Counter(i for edition in made for i in edition.document_ids)
        assert set(told.values()) <= {1}
        dropped = {i for edition in made for story in edition.dropped for i in story.document_ids}
        shown = {i for edition in made for item in edition.told for i in item.document_ids}
        assert not dropped & shown
        left = {document.id for document in store.documents.new_for("daily")}
        # What was dropped from the last proposal waits for an edition that takes note of it.
        assert left <= {i for story in store.proposals.dropped("daily") for i in story.document_ids}
        assert len(told) + len(left) == self.written
        runs = Counter(run.slot_at for run in store.editions.runs("daily", limit=999) if run.slot_at)
        assert set(runs.values()) <= {1}
        assert len([one for one in made if one.slot_at]) == len({one.slot_at for one in made if one.slot_at})
        assert store.deliveries.due_count(now=self.now) == len(made)
