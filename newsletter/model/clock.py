"""The clock that faces hand to what runs for long."""

from collections.abc import Callable
from datetime import datetime

#: Returns the time, UTC.
Clock = Callable[[], datetime]
