"""Examine an install before it sends: settings, store, mail server, pages and the DNS, all at the same time.

Each look gathers facts and has them judged by plain functions; nothing is changed and nobody is mailed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime

from newsletter.doctor.bulk import checklists
from newsletter.errors import NewsletterError
from newsletter.model.findings import Examination, Finding, FindingState, fail, warn

__all__ = ["Look", "examine"]

#: Looks at one group of checks.
Look = Callable[[], Awaitable[Sequence[Finding]]]

#: Longest time for one group, s; all of them are looked at at the same time.
_SECONDS = 20.0

#: Worst first.
_ORDER = {FindingState.FAIL: 0, FindingState.WARN: 1, FindingState.OK: 2}


async def examine(looks: Mapping[str, Look], *, only: Collection[str] = (), now: datetime) -> Examination:
    """Look at everything, or at some of it.

    Args:
        looks: By the group of their findings, in the order in which they are to be shown.
        only: Groups ("dns") or checks ("dns.spf") that are wanted; empty: all.
        now: UTC.
    """
    wanted = {name.partition(".")[0] for name in only} or set(looks)
    groups = {group: look for group, look in looks.items() if group in wanted}
    found = await asyncio.gather(*(_looked_at(group, look) for group, look in groups.items()))
    findings = [finding for several in found for finding in several if _is_wanted(finding, only)]
    return Examination(
        at=now,
        findings=tuple(findings),
        checklists=() if only else checklists(findings),
    )


def _is_wanted(finding: Finding, only: Collection[str]) -> bool:
    return not only or finding.group in only or finding.check in only


async def _looked_at(group: str, look: Look) -> list[Finding]:
    """Return what one look found, the worst first, in any case in time."""
    try:
        async with asyncio.timeout(_SECONDS):
            found = await look()
    except TimeoutError:
        what = f"not all of it could be looked at in {_SECONDS:g} s"
        return [warn(f"{group}.time", what, "try again; if it stays, a server in between does not answer")]
    except NewsletterError as error:
        return [fail(f"{group}.error", str(error), "correct what it names")]
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        what = f"{place}{error.strerror or error}"
        return [fail(f"{group}.error", what, "let the user that runs newsletter reach what it names")]
    return sorted(dict.fromkeys(found), key=lambda finding: _ORDER[finding.state])
