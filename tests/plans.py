"""What a call asks of the database, and how the database goes about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import event, text

from newsletter.store.store import Store


@contextmanager
def overheard(store: Store) -> Iterator[list[tuple[str, object]]]:
    """Note each statement and its parameters; of SQLite, as it hears them: with values in their places."""
    heard: list[tuple[str, object]] = []
    engine = store._database.engine

    def remember(connection, cursor, statement, parameters, context, executemany) -> None:
        heard.append((statement, parameters))

    def listen(driver, record, proxy) -> None:
        driver.set_trace_callback(lambda statement: heard.append((statement, ())))

    def deafen(driver, record) -> None:
        driver.set_trace_callback(None)

    hooks = [("before_cursor_execute", remember)]
    if store._database.is_sqlite:
        hooks = [("checkout", listen), ("checkin", deafen)]
    for name, hook in hooks:
        event.listen(engine, name, hook)
    try:
        yield heard
    finally:
        for name, hook in hooks:
            event.remove(engine, name, hook)


def plans(store: Store, call: Callable[[], object], naming: str = "deliveries") -> dict[str, str]:
    """Return how the database carries out each statement of a call that names something."""
    with overheard(store) as heard:
        call()
    with store._database.transaction() as connection:
        if not store._database.is_sqlite:
            # With so few rows, PostgreSQL would rightly read them all.
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN " if store._database.is_sqlite else "EXPLAIN "
        return {
            statement: " / ".join(
                str(row[-1]) for row in connection.exec_driver_sql(explain + statement, parameters)
            )
            for statement, parameters in heard
            if naming in statement and not statement.startswith(("INSERT", "EXPLAIN"))
        }
