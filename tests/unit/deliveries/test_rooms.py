"""Rooms: whoever comes and goes, no domain gets more messages at once than it may, and nobody starves."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from newsletter.deliveries.rooms import share_rooms
from newsletter.model.sharing import Room, Standing

DOMAINS = ("a.example", "b.example")


@dataclass
class Sender:
    """One that keeps to its rooms."""

    name: str
    connections: int
    waiting: dict[str, int] = field(default_factory=dict)
    on_their_way: dict[str, int] = field(default_factory=dict)
    standing: Standing | None = None

    def meet(self, others: list[Sender], limit: int) -> None:
        wants = {
            domain: min(self.connections, self.waiting.get(domain, 0) + self.on_their_way.get(domain, 0))
            for domain in DOMAINS
        }
        rooms = share_rooms(
            self.name,
            {domain: want for domain, want in wants.items() if want},
            self.on_their_way,
            [other.standing for other in others if other.standing is not None and other is not self],
            connections=self.connections,
            limit=limit,
        )
        self.standing = Standing(sender=self.name, connections=self.connections, rooms=rooms)

    def room(self, domain: str, limit: int) -> int:
        assert self.standing is not None
        if self.standing.rooms is None:
            return limit
        room = self.standing.rooms.get(domain)
        return room.held if room else 0

    def begin(self, domain: str, limit: int) -> None:
        is_free = sum(self.on_their_way.values()) < self.connections
        if (
            self.waiting.get(domain)
            and is_free
            and self.on_their_way.get(domain, 0) < self.room(domain, limit)
        ):
            self.waiting[domain] -= 1
            self.on_their_way[domain] = self.on_their_way.get(domain, 0) + 1

    def end(self, domain: str) -> None:
        if self.on_their_way.get(domain):
            self.on_their_way[domain] -= 1


steps = st.lists(
    st.tuples(
        st.sampled_from(["come", "go", "meet", "claim", "begin", "begin", "end"]),
        st.integers(0, 3),
        st.sampled_from(DOMAINS),
        st.integers(1, 6),
    ),
    max_size=60,
)


@given(st.integers(1, 8), steps)
def test_all_together_never_have_more_on_their_way_than_a_domain_may_get(
    limit: int, taken: list[tuple[str, int, str, int]]
) -> None:
    senders: list[Sender] = []
    for number, (what, which, domain, count) in enumerate(taken):
        if what == "come" and len(senders) < 4:
            senders.append(Sender(name=f"sender {number}", connections=count))
            senders[-1].meet(senders, limit)
        if not senders:
            continue
        sender = senders[which % len(senders)]
        match what:
            case "go":
                # What it had on its way is through by then.
                senders.remove(sender)
            case "meet":
                sender.meet(senders, limit)
            case "claim":
                sender.waiting[domain] = sender.waiting.get(domain, 0) + count
            case "begin":
                sender.begin(domain, limit)
            case "end":
                sender.end(domain)
        for name in DOMAINS:
            assert sum(one.on_their_way.get(name, 0) for one in senders) <= limit
    finish(senders, limit)


def finish(senders: list[Sender], limit: int) -> None:
    """Let everybody go on as they may: it comes to an end."""
    for _ in range(1_000):
        if not any(any(one.waiting.values()) for one in senders):
            return
        for one in senders:
            one.meet(senders, limit)
            for domain in DOMAINS:
                one.begin(domain, limit)
                assert sum(other.on_their_way.get(domain, 0) for other in senders) <= limit
        for one in senders:
            for domain in DOMAINS:
                one.end(domain)
    raise AssertionError("somebody never gets a turn")


def test_who_wants_little_gets_it_and_the_rest_is_shared() -> None:
    others = [
        Standing(sender="b", connections=8, rooms={"a.example": Room(want=1, held=0)}),
        Standing(sender="c", connections=8, rooms={"a.example": Room(want=8, held=0)}),
    ]
    rooms = share_rooms("a", {"a.example": 8}, {}, others, connections=8, limit=9)
    assert rooms == {"a.example": Room(want=8, held=4)}


def test_one_that_does_not_know_of_us_yet_may_be_busy_with_one_domain() -> None:
    others = [Standing(sender="b", connections=4)]
    assert share_rooms("a", {"a.example": 4}, {}, others, connections=4, limit=8) is None
    rooms = share_rooms("a", {"a.example": 4}, {}, others, connections=4, limit=5)
    assert rooms == {"a.example": Room(want=4, held=1)}


def test_what_is_on_its_way_is_kept_where_the_share_has_become_smaller() -> None:
    others = [Standing(sender="b", connections=4, rooms={"a.example": Room(want=4, held=0)})]
    rooms = share_rooms("a", {"a.example": 4}, {"a.example": 3}, others, connections=4, limit=4)
    assert rooms == {"a.example": Room(want=4, held=3)}
