"""Whether mails can be made: templates render, rules are kept, signatures cover what they must."""

from collections.abc import Callable

from newsletter.doctor.dkim import judge_coverage
from newsletter.errors import MessageRefusedError, NewsletterError, TemplateError
from newsletter.messages.checks import MAX_HTML_BYTES
from newsletter.model.findings import Finding, fail, ok, warn

#: Makes a message as a reader would get it.
Write = Callable[[], bytes]


def examine_edition(list_name: str, write: Write) -> list[Finding]:
    """Return whether an edition of a list can be made, and what its header is worth.

    Args:
        list_name: The list.
        write: Makes a message of its latest edition, or of a sample.
    """
    check = "mail.edition"
    try:
        content = write()
    except NewsletterError as error:
        return [_judge_error(check, f"editions of {list_name}", error)]
    size = len(content)
    return [ok(check, f"editions of {list_name} can be made: {size:,} bytes"), judge_coverage(content)]


def examine_letter(kind: str, write: Write) -> Finding:
    """Return whether a letter that answers a sign-up can be made.

    Args:
        kind: "confirm" or "known".
        write: Makes it.
    """
    check = "mail.letters"
    try:
        write()
    except NewsletterError as error:
        return _judge_error(check, f"the letter “{kind}”", error)
    return ok(check, f"the letter “{kind}” can be made")


def judge_size(html_bytes: int, list_name: str) -> list[Finding]:
    """Return whether the latest edition came near to what Gmail cuts off.

    Args:
        html_bytes: Of its HTML part.
        list_name: Whose it is.
    """
    if html_bytes < 0.9 * MAX_HTML_BYTES:
        return []
    what = (
        f"the latest edition of {list_name} has {html_bytes:,} bytes of HTML, and Gmail cuts long mails off"
    )
    return [warn("mail.size", what, "set a smaller WORD_BUDGET")]


def _judge_error(check: str, what: str, error: NewsletterError) -> Finding:
    repair = "correct the setting that it names"
    if isinstance(error, TemplateError):
        repair = f"mend {error.path}, or delete it to use ours"
    elif isinstance(error, MessageRefusedError):
        repair = "mend your own templates in TEMPLATE_FOLDER, or empty it to use ours"
    return fail(check, f"{what} cannot be made: {error}", repair)
