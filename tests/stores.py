"""On which databases a test runs."""

from __future__ import annotations

import pytest

#: For dear tests in which no SQL of one database alone matters: on PostgreSQL in the sweep.
postgres_in_the_sweep = pytest.mark.parametrize(
    "store_url", ["sqlite", pytest.param("postgres", marks=pytest.mark.sweep)], indirect=True
)
