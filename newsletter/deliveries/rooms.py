"""Rooms: how many messages each of several senders may have on their way to readers of one domain."""

from collections.abc import Mapping, Sequence

from newsletter.model.sharing import Room, Standing


def share_rooms(
    sender: str,
    wants: Mapping[str, int],
    on_their_way: Mapping[str, int],
    others: Sequence[Standing],
    *,
    connections: int,
    limit: int,
) -> Mapping[str, Room] | None:
    """Decide what room a sender has, one sender after the other; all together never have more than the limit.

    A sender that has more than its share keeps what is on its way, and gets nothing more until that is less.

    Args:
        sender: Its name.
        wants: How many messages it would like to have on their way, by domain.
        on_their_way: How many are, by domain: no more than it was given.
        others: How the other senders stand.
        connections: How many it has open at most.
        limit: How many may be on their way to readers of one domain.

    Returns:
        Its rooms by domain; None: it has each domain's to itself, or no domain can get too many, however
        they are spread.
    """
    if not others or connections + sum(other.connections for other in others) <= limit:
        return None
    domains = wants.keys() | {domain for domain, count in on_their_way.items() if count}
    return {
        domain: _room(sender, domain, wants.get(domain, 0), on_their_way.get(domain, 0), others, limit)
        for domain in domains
    }


def _room(
    sender: str, domain: str, want: int, on_their_way: int, others: Sequence[Standing], limit: int
) -> Room:
    held_by_others, wanted = 0, {sender: max(want, on_their_way)}
    for other in others:
        if other.rooms is None:
            # It does not know of us yet: all its connections may be busy with this domain.
            held_by_others += min(other.connections, limit)
        elif domain in other.rooms:
            held_by_others += other.rooms[domain].held
            wanted[other.sender] = other.rooms[domain].want
    free = max(0, limit - held_by_others)
    return Room(want=want, held=max(on_their_way, min(_fair_share(sender, wanted, limit), free)))


def _fair_share(sender: str, wanted: Mapping[str, int], limit: int) -> int:
    """Return what one gets if who wants little gets it, and the others as much as each other."""
    left, share = limit, 0
    ordered = sorted(wanted.items(), key=lambda want: (want[1], want[0]))
    for place, (name, want) in enumerate(ordered):
        share = min(want, left // (len(ordered) - place))
        if name == sender:
            break
        left -= share
    return share
