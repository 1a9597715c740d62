"""What the templates of a letter see: nothing of it was typed by whoever asked for the letter."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LetterList:
    """A list that a letter is about, as its readers know it."""

    title: str
    #: May be empty.
    tagline: str


@dataclass(frozen=True, kw_only=True)
class LetterLinks:
    """Where a letter leads."""

    #: The page of the button.
    page: str
    #: mailto of whoever answers for the list.
    contact: str
    #: Where `contact` goes.
    contact_address: str


@dataclass(frozen=True, kw_only=True)
class LetterPage:
    """All that a letter's templates see, by the names that they see it under."""

    #: "confirm" or "known": the folder of its templates.
    kind: str
    #: The name that the letter is written under: the title of its first list.
    sender: str
    #: What it is about, in a row: "The Daily Brief and Harbour News".
    titles: str
    lists: tuple[LetterList, ...]
    #: Whether one mail a week was asked for.
    weekly: bool
    #: For how long the page of the button is good to confirm.
    hours: int
    links: LetterLinks
    #: Lines of the postal address.
    postal_address: tuple[str, ...]
