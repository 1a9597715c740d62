"""A store that is closed leaves nothing open, even while a call that nobody waits for goes on."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import text

from newsletter.store.store import Store


def test_a_connection_in_use_while_the_store_closes_is_closed_when_it_is_back(store: Store) -> None:
    with store._database.reading() as connection:
        driver = connection.connection.driver_connection
        store.close()
        # What it is doing comes to its end.
        assert connection.scalar(text("SELECT 1")) == 1
    if isinstance(driver, sqlite3.Connection):
        with pytest.raises(sqlite3.ProgrammingError):
            driver.execute("SELECT 1")
    else:
        assert driver is not None
        assert driver.closed
    for _ in range(2):
        # Opened anew, it is as before.
        store.check()
        store.editions.published_lists()
