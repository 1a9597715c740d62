"""Every error that the project raises on purpose.

NewsletterError
├── SettingsError              a setting is missing or wrong
├── DocumentRefusedError       one document cannot be read; carries the reason
├── SummarizerError            an unknown summarizer, or a language that one cannot do
├── StoryNotFoundError         no story of an edition, or several, answer to what was asked for
├── ArchiveNotFoundError       no edition, or no sentence of one, answers to an address of the archive
├── TimeLimitError             work on one document took too long, or its process died
├── TemplateError              a template is broken; carries file and line
├── MessageRefusedError        a finished message breaks a rule that every message must keep
├── LinkError                  a link that cannot be made, or a token that does not verify
├── DkimKeyError               a key, a selector or a domain that mail cannot be signed with
├── AddressError               an address that no mail can reach
├── SubscriberError            a change to a subscriber that is not allowed or names nobody
├── OperatorError              a change to an operator's account that is not allowed, or names nobody
│   └── PasswordRefusedError   a password that is too easily guessed
├── SignInError                somebody is not let into the operator's pages; carries how long to wait
├── StoreError                 the store cannot be opened, read or written
│   └── SenderBusyError        another process is sending from this store
├── WorkerError                a process that would send beside this one cannot be started
├── ProposalError              a decision about a proposed edition that cannot be taken
│   └── ProposalChangedError   somebody else changed it, or decided, meanwhile
├── PublishConflictError       another process published these documents first
├── FetchError                 a web address that cannot, or must not, be fetched
├── SourceError                a source that cannot be added, or is not there
├── MailboxError               a mailbox of bounces or of news cannot be read
├── WebhookError               what was posted to a webhook was not taken
├── BackupError                a store that cannot be backed up, or a backup that cannot be restored
└── TransportError             messages cannot be handed over at all; nobody's attempt is used up
    └── SenderRefusedError     messages from one sender address cannot

A message is one line that says what is wrong and what to do; the command line prints it and nothing else.
"""

from pathlib import Path

from newsletter.model.documents import RefusalReason


class NewsletterError(Exception):
    """Base of all errors raised on purpose; `str()` of it is fit to show to a user."""


class SettingsError(NewsletterError):
    """A setting is missing or wrong.

    Attributes:
        problems: One line for each setting: its key, its value and what is expected.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class DocumentRefusedError(NewsletterError):
    """One document cannot be taken in; the others go on.

    Attributes:
        reason: Why.
        detail: What exactly, in words for the operator; may be empty.
    """

    def __init__(self, reason: RefusalReason, detail: str = "") -> None:
        super().__init__(f"{reason.value}: {detail}" if detail else reason.value)
        self.reason = reason
        self.detail = detail


class SummarizerError(NewsletterError, ValueError):
    """A summarizer's name is unknown, or it cannot do the language asked for."""


class StoryNotFoundError(NewsletterError, LookupError):
    """No story of an edition, or several, answer to what was asked for."""


class ArchiveNotFoundError(NewsletterError, LookupError):
    """No list, edition or sentence that may be shown answers to what the archive was asked for."""


class TimeLimitError(NewsletterError):
    """Work on one document took longer than it may, or the process that did it died; the others go on."""


class TemplateError(NewsletterError):
    """A template is missing or broken.

    Attributes:
        path: The template's file, or its name where no file is known.
        line: Line number, counted from 1; None where Jinja2 knows none.
    """

    def __init__(self, message: str, *, path: Path | str, line: int | None = None) -> None:
        place = f"{path}, line {line}" if line else str(path)
        super().__init__(f"template {place}: {message}")
        self.path = path
        self.line = line


class MessageRefusedError(NewsletterError):
    """A finished message breaks rules that every message must keep.

    Attributes:
        problems: One line for each broken rule.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("the message is not fit to send: " + "; ".join(problems))
        self.problems = problems


class LinkError(NewsletterError, ValueError):
    """A link that cannot be made, or a token that does not verify."""


class DkimKeyError(NewsletterError):
    """A DKIM key, its selector or its domain is missing or wrong."""


class AddressError(NewsletterError, ValueError):
    """An address that no mail can reach.

    Attributes:
        address: What was given.
        reason: What is wrong with it.
    """

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"{address!r} is not a usable address: {reason}")
        self.address = address
        self.reason = reason


class SubscriberError(NewsletterError):
    """A change to a subscriber that is not allowed, or that names nobody."""


class OperatorError(NewsletterError):
    """A change to an operator's account that is not allowed, or that names nobody."""


class PasswordRefusedError(OperatorError):
    """A password is too easily guessed; the message says why."""


class SignInError(NewsletterError):
    """Somebody is not let into the operator's pages.

    Attributes:
        wait_seconds: How long nothing is tried from there; 0: what was given is wrong.
    """

    def __init__(self, message: str, *, wait_seconds: int = 0) -> None:
        super().__init__(message)
        self.wait_seconds = wait_seconds


class StoreError(NewsletterError):
    """The store cannot be opened, read or written."""


class SenderBusyError(StoreError):
    """Another process is sending from this store; two would mail readers twice."""


class WorkerError(NewsletterError):
    """A process that would send beside this one cannot be started."""


class ProposalError(NewsletterError):
    """A decision about a proposed edition that cannot be taken, or there is no such proposal."""


class ProposalChangedError(ProposalError):
    """A proposed edition is no longer the one that a decision was taken about."""


class PublishConflictError(NewsletterError):
    """Another process published the same documents, or answered the same slot, first."""


class FetchError(NewsletterError):
    """A web address cannot be fetched, or must not be; others can."""

    def __init__(self, words: str) -> None:
        # They may quote a server, whose words could command a terminal or forge a line of a log.
        super().__init__("".join(char if char.isprintable() else " " for char in words))


class SourceError(NewsletterError):
    """A source that cannot be added, or is not there."""


class MailboxError(NewsletterError):
    """A mailbox cannot be read; others can.

    Attributes:
        permanent: True when waiting will not help (a wrong password).
    """

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


class WebhookError(NewsletterError):
    """What was posted to a webhook was not taken; it can be tried again.

    Attributes:
        is_answered: Whether somebody answered: what else is to be posted may be taken all the same.
    """

    def __init__(self, message: str, *, is_answered: bool = False) -> None:
        super().__init__(message)
        self.is_answered = is_answered


class BackupError(NewsletterError):
    """A store that cannot be backed up, or a backup that cannot, or must not, be restored."""


class TransportError(NewsletterError):
    """Messages cannot be handed over at all (server unreachable, sign-in refused).

    Attributes:
        permanent: True when waiting will not help (a wrong password, a certificate that does not verify).
        of_recipient: True when it was said in answer to a recipient, for whose sake it may have been said.
    """

    def __init__(self, message: str, *, permanent: bool = False, of_recipient: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.of_recipient = of_recipient


class SenderRefusedError(TransportError):
    """The server takes no message from this sender address; other lists may have another."""
