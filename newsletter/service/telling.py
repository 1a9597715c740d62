"""What the service tells of its work, in the log."""

import logging
from datetime import datetime
from zoneinfo import ZoneInfo

from newsletter.model.documents import FileOutcome, IngestReport
from newsletter.model.editions import MailingList
from newsletter.model.feedback import FeedbackAction, FeedbackOutcome
from newsletter.model.sources import PollOutcome, SourceReport

log = logging.getLogger(__name__)


def local(moment: datetime, mailing_list: MailingList) -> str:
    """Return an instant as the list's schedule has it."""
    zone = mailing_list.time_zone
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}"


def log_feedback(outcome: FeedbackOutcome) -> None:
    """Tell what something that came back has changed."""
    changed = outcome.action not in {FeedbackAction.NOTHING, FeedbackAction.REPEATED}
    level = logging.INFO if changed else logging.DEBUG
    words = " ".join(filter(None, [outcome.address, f"({outcome.reason})" if outcome.reason else ""]))
    log.log(level, "%s: %s %s", outcome.kind.value, outcome.action.value, words)


def log_source(report: SourceReport) -> None:
    """Tell what is new in a source, or wrong with it."""
    source = report.source
    for item in report.items:
        if item.outcome in {FileOutcome.NEW, FileOutcome.CHANGED}:
            log.info("%s document: %s (%s)", item.outcome.value, item.headline, source.url)
    if report.outcome is PollOutcome.ENDED:
        log.warning("%s: %s; it is not asked again", source.url, report.problem)
    elif report.fails_for_long:
        log.warning("%s fails since %s: %s", source.url, source.failing_since, report.problem)
    elif report.problem:
        log.debug("%s: %s", source.url, report.problem)


def log_ingest(report: IngestReport) -> None:
    """Tell what is new in folders and mailboxes, or wrong with them."""
    for problem in report.problems:
        log.error("%s", problem)
    for outcome in (FileOutcome.NEW, FileOutcome.CHANGED):
        for file in report.having(outcome):
            log.info("%s document: %s (%s)", outcome.value, file.headline, file.path)
    for file in report.having(FileOutcome.REFUSED):
        reason = f"{file.refusal.value if file.refusal else ''} {file.detail}".strip()
        log.debug("refused: %s: %s", file.path, reason)
    if report.forgotten:
        log.info("%d texts are no longer kept", report.forgotten)
    if refused := report.count(FileOutcome.REFUSED):
        log.debug("%d files stand refused: newsletter status lists them", refused)
