"""Nobody is lost and nobody is mailed twice, wherever a sender is killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from crash.beds import Bed, PostgresBed, SqliteBed
from crash.forks import ForkServer
from crash.lab import SCRIPT, Lab, Tally, spread
from crash.review import ReviewLab
from crash.sink import Sink
from crash.week import WeekLab

DATABASES = ("sqlite", "postgresql")
POLICIES = ("resend", "hold")

#: Tests that a sweep is parted into, so that several processes share it.
PARTS = 3

#: Which steps are swept, by database and policy: from the how manieth on every how manieth. Each is taken
#: under either policy on one database, and on each database under one policy, at least.
SWEPT = {
    ("sqlite", "resend"): (0, 1),
    ("sqlite", "hold"): (0, 2),
    ("postgresql", "resend"): (0, 2),
    ("postgresql", "hold"): (1, 2),
}

#: Every how manieth where the server takes no groups.
ONE_BY_ONE_STRIDES = {"sqlite": 30, "postgresql": 60}

#: Points of each database and policy in a plain run.
SAMPLE = 3

#: How often two lives run at the same time in a sweep.
TOGETHER = 6


@pytest.fixture(scope="module")
def forks() -> Iterator[ForkServer]:
    with ForkServer() as server:
        yield server


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with Sink(script=SCRIPT) as server:
        yield server


@pytest.fixture(params=DATABASES)
def bed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bed]:
    made: Bed = (
        SqliteBed(tmp_path)
        if request.param == "sqlite"
        else PostgresBed(request.getfixturevalue("postgres_url"))
    )
    yield made
    made.engine.dispose()


@pytest.fixture(params=POLICIES)
def lab(request: pytest.FixtureRequest, bed: Bed, forks: ForkServer, sink: Sink, tmp_path: Path) -> Lab:
    return Lab(bed, forks, sink, folder=tmp_path, policy=request.param)


def test_an_undisturbed_life_takes_the_steps_that_are_swept(lab: Lab) -> None:
    assert lab.count_steps() > 100


@pytest.mark.sample
def test_some_points(lab: Lab, record_property: Callable[[str, object], None]) -> None:
    steps = lab.count_steps()
    check(lab.sweep(spread(steps, start=steps // SAMPLE // 2, stride=steps // SAMPLE)), record_property)


#: Every how manieth step of a week a plain run kills at.
WEEK_STRIDE = 6


@pytest.mark.parametrize(
    "stride",
    [
        pytest.param(WEEK_STRIDE, id="some points", marks=pytest.mark.sample),
        pytest.param(1, id="every point", marks=pytest.mark.sweep),
    ],
)
def test_a_week_is_told_once_wherever_its_publisher_is_killed(
    bed: Bed, forks: ForkServer, tmp_path: Path, stride: int
) -> None:
    lab = WeekLab(bed, forks, folder=tmp_path)
    steps = lab.count_steps()
    assert steps >= 2 * WEEK_STRIDE
    broken = [words for step in spread(steps, start=stride - 1, stride=stride) for words in lab.kill_at(step)]
    assert not broken, "\n".join(broken)


#: Every how manieth step of a review a plain run kills at.
REVIEW_STRIDE = 7


@pytest.mark.parametrize(
    "stride",
    [
        pytest.param(REVIEW_STRIDE, id="some points", marks=pytest.mark.sample),
        pytest.param(1, id="every point", marks=pytest.mark.sweep),
    ],
)
def test_what_is_approved_is_sent_once_wherever_it_is_killed(
    bed: Bed, forks: ForkServer, tmp_path: Path, stride: int
) -> None:
    lab = ReviewLab(bed, forks, folder=tmp_path)
    steps = lab.count_steps()
    assert steps >= 2 * REVIEW_STRIDE
    broken = [words for step in spread(steps, start=stride - 1, stride=stride) for words in lab.kill_at(step)]
    assert not broken, "\n".join(broken)


@pytest.fixture(scope="module")
def others() -> Iterator[ForkServer]:
    with ForkServer() as server:
        yield server


@pytest.mark.sweep
def test_two_lives_at_once_are_one(lab: Lab, others: ForkServer) -> None:
    for _ in range(TOGETHER):
        tally = lab.live_beside(others)
        assert not tally.broken, "\n".join(tally.broken)


@pytest.mark.sweep
@pytest.mark.parametrize("part", range(PARTS))
def test_every_point(lab: Lab, bed: Bed, part: int, record_property: Callable[[str, object], None]) -> None:
    first, stride = SWEPT[bed.name, lab.policy]
    points = spread(lab.count_steps(), start=first + part * stride, stride=PARTS * stride)
    check(lab.sweep(points), record_property)


@pytest.mark.sweep
@pytest.mark.parametrize("policy", POLICIES)
def test_some_points_where_the_server_takes_one_command_at_a_time(
    bed: Bed, forks: ForkServer, tmp_path: Path, policy: str, record_property: Callable[[str, object], None]
) -> None:
    with Sink(script=SCRIPT, takes_groups=False) as sink:
        lab = Lab(bed, forks, sink, folder=tmp_path, policy=policy)
        stride = ONE_BY_ONE_STRIDES[bed.name]
        check(lab.sweep(spread(lab.count_steps(), start=stride // 2, stride=stride)), record_property)


def check(tally: Tally, record_property: Callable[[str, object], None]) -> None:
    record_property("crash points", tally.as_dict())
    assert not tally.broken, "\n".join(tally.broken)
    assert tally.kills
    assert tally.lost == 0
    assert tally.duplicates <= tally.in_flight
