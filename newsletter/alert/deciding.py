"""Which alerts are raised, and which are over; pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from newsletter.model.alerts import Alert, AlertDecision, Condition

#: How long something must have been fine before the all-clear: what comes and goes is told once.
FINE_FOR = timedelta(minutes=10)


def decide_alerts(
    conditions: Sequence[Condition], open_alerts: Sequence[Alert], *, now: datetime
) -> AlertDecision:
    """Decide what follows from what is wrong now.

    Args:
        conditions: What is wrong.
        open_alerts: What was told and is not over.
        now: UTC.
    """
    wrong = {condition.key: condition for condition in conditions}
    changed, cleared = [], []
    for alert in open_alerts:
        condition = wrong.pop(alert.condition.key, None)
        if condition is not None:
            after = replace(alert, condition=condition, fine_since=None)
        elif alert.fine_since is None or alert.fine_since > now:
            # One that lies ahead was written by a clock that has been set back since.
            after = replace(alert, fine_since=now)
        elif now - alert.fine_since < FINE_FOR:
            continue
        else:
            cleared.append(replace(alert, cleared_at=now))
            continue
        if after != alert:
            changed.append(after)
    return AlertDecision(raised=tuple(wrong.values()), changed=tuple(changed), cleared=tuple(cleared))
