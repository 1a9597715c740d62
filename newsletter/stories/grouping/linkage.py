"""Clusters by average link over the pairs that are alike at all; all others count as not alike."""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

#: Members from which a cluster shows how alike the reports of its event are.
_COHERENT_SIZE = 5
#: Two such clusters stay apart if they are less alike than this share of what each is in itself.
_COHERENCE = 0.6


@dataclass(frozen=True, kw_only=True)
class Start:
    """A cluster to begin with: a document alone, or a story that was told."""

    members: tuple[int, ...]
    #: Language of its members; "" where none is known.
    language: str = ""
    #: The told story; two such never join.
    thread: int | None = None


@dataclass(frozen=True, kw_only=True)
class Near:
    """Two clusters whose likeness came near the cut-off."""

    likeness: float
    left: tuple[int, ...]
    right: tuple[int, ...]
    joined: bool


@dataclass(frozen=True, kw_only=True)
class Linked:
    """What average link made of the starts."""

    #: Each with its members in ascending order; ordered by their first members.
    clusters: tuple[Start, ...]
    #: Nearest to the cut-off first.
    near: tuple[Near, ...]


@dataclass(kw_only=True)
class _Cluster:
    members: list[int]
    language: str
    thread: int | None
    #: Sum of the likeness of all pairs inside.
    inside: float = 0.0
    #: Sum of the likeness of all pairs with another cluster, by its number.
    toward: dict[int, float] = field(default_factory=dict)
    #: Clusters that it never joins.
    barred: set[int] = field(default_factory=set)

    @property
    def coherence(self) -> float:
        """Average likeness of the pairs inside."""
        size = len(self.members)
        return self.inside / (size * (size - 1) / 2)


def link(
    starts: Sequence[Start], likeness: Mapping[tuple[int, int], float], *, cutoff: float, margin: float
) -> Linked:
    """Join clusters, the most alike first, while their average likeness reaches the cut-off.

    Clusters in two known languages, and two told stories, never join. Nor do two large clusters that are much
    less alike than each is in itself: so look two events of one kind, and no cut-off fits all kinds.

    Args:
        starts: No two share a member.
        likeness: Of pairs (lower, higher) of members; pairs that are left out are not alike at all.
        cutoff: 0 joins everything that may be joined.
        margin: How far from the cut-off a likeness is near it.
    """
    linkage = _Linkage(starts, likeness, cutoff=cutoff, margin=margin)
    linkage.run()
    return linkage.result()


class _Linkage:
    def __init__(
        self,
        starts: Sequence[Start],
        likeness: Mapping[tuple[int, int], float],
        *,
        cutoff: float,
        margin: float,
    ) -> None:
        self._cutoff, self._margin = cutoff, margin
        self._heap: list[tuple[float, int, int, int, int]] = []
        self._near: list[Near] = []
        self._clusters = {
            number: _Cluster(members=sorted(start.members), language=start.language, thread=start.thread)
            for number, start in enumerate(sorted(starts, key=lambda start: min(start.members)))
        }
        self._next = len(self._clusters)
        of = {member: number for number, cluster in self._clusters.items() for member in cluster.members}
        for (one, other), value in sorted(likeness.items()):
            left, right = of[one], of[other]
            if left == right:
                self._clusters[left].inside += value
            else:
                for mine, theirs in ((left, right), (right, left)):
                    toward = self._clusters[mine].toward
                    toward[theirs] = toward.get(theirs, 0.0) + value
        for number in self._clusters:
            self._push(number, above=number)

    def run(self) -> None:
        """Join the likest two clusters again and again, until none are like enough."""
        while self._heap:
            value, _, _, left, right = heapq.heappop(self._heap)
            if left not in self._clusters or right not in self._clusters:
                continue
            if self._is_incoherent(-value, self._clusters[left], self._clusters[right]):
                self._clusters[left].barred.add(right)
                self._clusters[right].barred.add(left)
            else:
                self._note(-value, left, right, joined=True)
                self._join(left, right)
        if self._cutoff <= 0:
            self._join_all()

    def result(self) -> Linked:
        """Return the clusters, and the decisions that were closest to the cut-off."""
        for number, cluster in self._clusters.items():
            for other in cluster.toward:
                if number < other and self._may_join(cluster, self._clusters[other]):
                    self._note(self._average(number, other), number, other, joined=False)
        near = sorted(self._near, key=lambda pair: (abs(pair.likeness - self._cutoff), pair.left, pair.right))
        clusters = sorted(self._clusters.values(), key=lambda cluster: min(cluster.members))
        return Linked(
            clusters=tuple(
                Start(members=tuple(sorted(each.members)), language=each.language, thread=each.thread)
                for each in clusters
            ),
            near=tuple(near),
        )

    def _average(self, left: int, right: int) -> float:
        one, other = self._clusters[left], self._clusters[right]
        return round(one.toward[right] / (len(one.members) * len(other.members)), 9)

    def _note(self, value: float, left: int, right: int, *, joined: bool) -> None:
        if abs(value - self._cutoff) <= self._margin:
            one, other = (tuple(sorted(self._clusters[number].members)) for number in (left, right))
            self._near.append(
                Near(likeness=value, left=min(one, other), right=max(one, other), joined=joined)
            )

    @staticmethod
    def _may_join(one: _Cluster, other: _Cluster) -> bool:
        speak_alike = not one.language or not other.language or one.language == other.language
        return speak_alike and (one.thread is None or other.thread is None)

    @staticmethod
    def _is_incoherent(value: float, one: _Cluster, other: _Cluster) -> bool:
        if min(len(one.members), len(other.members)) < _COHERENT_SIZE:
            return False
        return value < _COHERENCE * (one.coherence + other.coherence) / 2

    def _push(self, number: int, *, above: int = -1) -> None:
        """Queue the joins of a cluster with its neighbours of a higher number than `above`."""
        cluster = self._clusters[number]
        for other in cluster.toward:
            if other <= above or other in cluster.barred:
                continue
            theirs = self._clusters[other]
            average = self._average(number, other)
            if average >= self._cutoff and self._may_join(cluster, theirs):
                low, high = sorted((cluster.members[0], theirs.members[0]))
                heapq.heappush(self._heap, (-average, low, high, number, other))

    def _join(self, left: int, right: int) -> int:
        one, other = self._clusters.pop(left), self._clusters.pop(right)
        joined = _Cluster(
            members=sorted(one.members + other.members),
            language=one.language or other.language,
            thread=other.thread if one.thread is None else one.thread,
            inside=one.inside + other.inside + one.toward.get(right, 0.0),
        )
        number, self._next = self._next, self._next + 1
        for gone, cluster in ((left, one), (right, other)):
            for neighbour, value in cluster.toward.items():
                if neighbour in self._clusters:
                    joined.toward[neighbour] = joined.toward.get(neighbour, 0.0) + value
                    del self._clusters[neighbour].toward[gone]
            for neighbour in cluster.barred & self._clusters.keys():
                joined.barred.add(neighbour)
                self._clusters[neighbour].barred.add(number)
        self._clusters[number] = joined
        for neighbour, value in joined.toward.items():
            self._clusters[neighbour].toward[number] = value
        self._push(number)
        return number

    def _join_all(self) -> None:
        """Join each cluster to the first that it may join."""
        kept: list[int] = []
        for number in sorted(self._clusters, key=lambda number: self._clusters[number].members[0]):
            mine = self._clusters[number]
            first = next((each for each in kept if self._may_join(self._clusters[each], mine)), None)
            if first is None:
                kept.append(number)
            else:
                kept[kept.index(first)] = self._join(first, number)
