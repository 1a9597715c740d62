"""Whether the accounts that bounces and news are read from let us in."""

from newsletter.errors import MailboxError
from newsletter.mailboxes.imap import ImapMailbox
from newsletter.model.findings import Finding, fail, ok


def examine_account(check: str, box: ImapMailbox) -> Finding:
    """Sign in to an account and open its folder; nothing in it is changed.

    Args:
        check: Under which name.
        box: The account.
    """
    try:
        box.visit()
    except MailboxError as error:
        repair = "see that its address is right and the server is up"
        return fail(check, str(error), f"correct {box.sign_in_setting}" if error.permanent else repair)
    return ok(check, f"{box.place} can be read")
