"""What became of a rewrite, in the words that the operator reads."""

from dataclasses import dataclass
from enum import StrEnum


class RewriteOutcome(StrEnum):
    """One way that a rewrite can end; all but the first leave the summary as it was."""

    #: Told to readers in place of the summary's own sentences.
    ACCEPTED = "accepted"

    # The server gave no answer to judge.
    #: After several failures in a row, or when the run's time is used up.
    NOT_TRIED = "not tried any more in this run"
    UNREACHABLE = "server unreachable"
    TIMED_OUT = "no answer in time"
    SIGN_IN_REFUSED = "key refused"
    #: 429.
    TOO_MANY_REQUESTS = "too many requests"
    #: 5xx.
    SERVER_ERROR = "server error"
    #: Any other status than 200.
    REQUEST_REFUSED = "request refused"
    #: Another address was named; none is followed, so that the key stays where it belongs.
    REDIRECTED = "redirected"
    ANSWER_TOO_LARGE = "answer too large"
    #: No JSON of the expected shape.
    UNREADABLE = "answer unreadable"
    #: No choice, or one without a text.
    EMPTY = "answer empty"
    #: It wants a tool to be called.
    TOOL_CALL = "tool call instead of a text"
    #: It stopped at its own limit.
    CUT_OFF = "answer cut off"
    #: The model or a filter of the server said no.
    DECLINED = "model declined"

    # The text is not fit to be told at all.
    UNCHECKED_LANGUAGE = "no rules for this language"
    OTHER_LANGUAGE = "another language"
    TOO_LONG = "too long"
    TOO_SHORT = "too short"
    #: Addresses, mark-up, emoji, invisible characters.
    MARKUP = "markup or addresses"
    #: It speaks about itself, its task or the text.
    SELF_TALK = "speaks of itself"
    #: A fragment, no end mark, half a quotation, an opening that leans on nothing.
    NOT_SENTENCES = "no whole sentences"
    QUESTION = "a question"
    REPETITION = "repeats itself"
    OPINION = "judgement added"

    # It claims what the sources do not.
    NEW_NAME = "name not in the sources"
    NEW_NUMBER = "number not in the sources"
    NEW_QUOTATION = "quotation not in the sources"
    #: Part of a quotation whose rest turns it round, or words of a speaker told as our own.
    QUOTATION_CHANGED = "quotation out of its context"
    NEW_WORDS = "words not in the sources"
    #: Every word is there, but no sentence says this.
    UNSUPPORTED = "no source says this"
    #: Most of it comes from elsewhere in the documents.
    OFF_SUMMARY = "strays from the summary"
    NEGATION_CHANGED = "negation changed"
    #: Alleged, may, would, plans to, some, if.
    HEDGE_CHANGED = "hedge changed"
    #: Who said so is left out, added or exchanged.
    ATTRIBUTION_CHANGED = "attribution changed"
    #: A cause or an order in time is added.
    RELATION_ADDED = "cause or order added"
    NUMBER_MOVED = "number at another word"
    ROLES_SWAPPED = "names exchanged"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One reason not to tell a rewrite."""

    outcome: RewriteOutcome
    #: The words in question, cut short; may be empty.
    detail: str


def problem(outcome: RewriteOutcome, detail: str = "") -> Problem:
    """Return a problem whose detail is one short line of printable characters."""
    shown = " ".join("".join(char if char.isprintable() else " " for char in detail[:400]).split())
    return Problem(outcome=outcome, detail=shown if len(shown) <= 120 else shown[:119] + "…")
