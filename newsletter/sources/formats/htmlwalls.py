"""Pages that show a notice where an article should be."""

import re
from collections.abc import Sequence

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import RefusalReason
from newsletter.sources.formats.htmltree import Element, names_of
from newsletter.sources.formats.htmlwords import CONSENT

#: No news is shorter, in letters.
_FEWEST_LETTERS = 40
#: What can be read of an article that is sold is worth reading from so many letters on.
_FEWEST_BEFORE_WALL = 300
_MOST_OF_NOTICE = 12
_WALL = re.compile(
    r"(?<![a-z])(?:pay[-_]?wall|reg[-_]?wall|piano|subscriber[-_]?only|premium[-_]?wall|wall)(?![a-z])"
)


def asks_for_payment(tree: Element) -> bool:
    """Tell whether a page has a box that sells the rest of its article."""
    return any(_WALL.search(names_of(element)) for element in tree.iter("div", "section", "aside"))


def refuse_walls(paragraphs: Sequence[str], *, is_paid: bool, says_article: bool) -> None:
    """Refuse what is no article.

    Args:
        paragraphs: What was found on the page.
        is_paid: Whether the page sells the rest.
        says_article: Whether the page calls itself an article, as notices do not.

    Raises:
        DocumentRefusedError: NO_ARTICLE.
    """
    letters = [sum(map(str.isalnum, paragraph)) for paragraph in paragraphs]
    total = sum(letters)
    if is_paid and total < _FEWEST_BEFORE_WALL:
        raise DocumentRefusedError(RefusalReason.NO_ARTICLE, "the article is only shown to those who pay")
    if total < _FEWEST_LETTERS:
        raise DocumentRefusedError(RefusalReason.NO_ARTICLE, "nothing on the page reads as an article")
    asking = sum(count for count, text in zip(letters, paragraphs, strict=True) if CONSENT.search(text))
    if asking * 2 >= total and len(paragraphs) <= _MOST_OF_NOTICE and not says_article:
        raise DocumentRefusedError(
            RefusalReason.NO_ARTICLE, "the page asks for consent before it shows anything"
        )
