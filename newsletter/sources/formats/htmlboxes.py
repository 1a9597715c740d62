"""What stands around and between the paragraphs of an article, taken out of the tree of a page.

Each rule tells a box by one thing: its element, its name, what it is made of, or the words that it begins
with. None takes the headline out, nor what holds most of the prose where the name alone speaks against it.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice

from newsletter.sources.formats.htmltree import Element, Weights, drop, hidden_elements, names_of, words_of
from newsletter.sources.formats.htmlwords import BOILERPLATE, LABEL

_NEVER = (
    *(
        "noscript",
        "template",
        "iframe",
        "svg",
        "nav",
        "aside",
        "footer",
        "dialog",
        "button",
    ),
    *("figcaption", "select", "textarea", "object", "video", "audio", "amp-sidebar", "amp-consent", "amp-ad"),
    *("amp-list", "amp-social-share", "math", "canvas", "map", "label"),
)
_ROLES = frozenset(
    {"navigation", "banner", "contentinfo", "complementary", "dialog", "alertdialog", "search"}
)
#: Names of what is beside the article, on whatever site: never part of it, however much it says.
_BESIDE = re.compile(
    r"(?<![a-z])(?<!has[-_])(?<!no[-_])(?<!with[-_])(?:j?comments?|kommentare?|reactions|disqus"
    r"|discussion|respond"
    r"|cookies?|consent|gdpr|onetrust|cmp|related|relatedposts|recirc|recommend(?:ed|ations?)?|trending"
    r"|footer|foot"
    r"|most[-_]?(?:read|popular|viewed|shared)|side[-_]?bar|newsletter|outbrain|taboola|breadcrumbs?"
    r"|more[-_]?(?:on|stories|news|from|like)|next[-_]?up|up[-_]?next|you[-_]?may|read[-_]?next)(?![a-z])"
)
#: Names of small things within it.
_WITHIN = re.compile(
    r"(?<![a-z])(?:sign[-_]?up|subscribe|subscription|cta|mailing[-_]?list|opt[-_]?in|promo|promotion"
    r"|teasers?"
    r"|read[-_]?more|readmore|also[-_]?read|see[-_]?also|inread|bookmark|share|sharing|sharedaddy"
    r"|social|addtoany"
    r"|ads?|adverts?|advertisement|adslot|sponsored|dfp|gpt|publicite|pub|anzeige|werbung|paywall"
    r"|regwall|piano"
    r"|captions?|bildunterschrift|legende|photographer|photo[-_]?credits?|image[-_]?credits?|cutline"
    r"|pull[-_]?quote"
    r"|author[-_]?(?:bio|box|info|card|list)|about[-_]?author|reading[-_]?time|read[-_]?time|pager"
    r"|pagination"
    r"|donat(?:e|ion)|feedback|poll|rating|skip[-_]?link|toolbar|tag[-_]?list|nl|wp-caption-text)(?![a-z])"
)
_BOXES = (
    *(
        "div",
        "section",
        "ul",
        "ol",
        "dl",
        "p",
        "span",
        "figure",
        "details",
        "table",
        "blockquote",
        "li",
        "article",
    ),
    *("h2", "h3", "h4", "h5", "h6", "header", "a", "amp-img", "td"),
)
_CONTAINERS = ("div", "section", "ul", "ol", "dl", "table", "td", "tr", "p", "center", "article", "main")
#: A part of the prose that is more than a box: a name alone does not make it one.
_MUCH = 0.3
#: Letters of prose that must be left by taking out what stands beside.
_FEWEST_LEFT = 150
_LINKED = 0.75
_FEWEST_LINKS = 3
_LONGEST_TEASER = 450
_LONGEST_LABELLED = 250
_UNLINKED = 20
_SHORTEST_QUOTE = 40
_MOST_QUOTES = 1_000
_TITLE_WORDS = 3
_TITLE_LETTERS = 12


def take_out_boxes(tree: Element, headline: Element | None) -> None:
    """Take out of a page what is not part of its article.

    Args:
        tree: The whole page, changed in place.
        headline: The heading of the article, which stays.
    """
    kept = set() if headline is None else {headline, *headline.iterancestors()}
    _drop_all([*tree.iter(*_NEVER), *hidden_elements(tree)], kept)
    _drop_all((one for one in tree.iter(*_BOXES, "header") if one.get("role", "").lower() in _ROLES), kept)
    _drop_forms(tree, kept)
    _drop_named(tree, kept)
    _drop_teasers(tree, kept)
    _drop_link_lists(tree, kept)
    _drop_repeated(tree, kept)
    _drop_labelled(tree, kept)
    _keep_inner_headers(tree, kept)
    _keep_posts(tree, kept)


def _drop_all(elements: Iterable[Element], kept: set[Element]) -> None:
    for element in [*elements]:
        if element not in kept:
            drop(element)


def _drop_forms(tree: Element, kept: set[Element]) -> None:
    """Some systems wrap the whole page in a form."""
    weights = Weights.of(tree)
    forms = [form for form in tree.iter("form") if weights.prose[form] <= _MUCH * weights.prose[tree]]
    _drop_all(forms, kept)


def _drop_named(tree: Element, kept: set[Element]) -> None:
    """Take out what the names of classes say; a name that would take most of the prose says nothing."""
    for pattern, is_sure in ((_BESIDE, True), (_WITHIN, False)):
        weights = Weights.of(tree)
        total = weights.prose[tree]
        found: dict[str, list[Element]] = defaultdict(list)
        for element in tree.iter(*_BOXES):
            names = names_of(element)
            if element not in kept and (match := pattern.search(names)):
                found[match[0]].append(element)
        for elements in found.values():
            inside = set(elements)
            outermost = [one for one in elements if not any(above in inside for above in one.iterancestors())]
            taken = sum(weights.prose[one] for one in outermost)
            if taken <= _MUCH * total or (is_sure and total - taken >= _FEWEST_LEFT):
                _drop_all(outermost, kept)
                total -= taken


def _drop_link_lists(tree: Element, kept: set[Element]) -> None:
    weights = Weights.of(tree)
    lists = [
        element
        for element in tree.iter(*_CONTAINERS)
        if weights.letters[element]
        and weights.linked[element] >= _LINKED * weights.letters[element]
        and (weights.links[element] >= _FEWEST_LINKS or element.tag == "p")
    ]
    _drop_all(lists, kept)


def _drop_teasers(tree: Element, kept: set[Element]) -> None:
    """Take out rows of three or more pieces alike, each a linked title with few words around."""
    weights = Weights.of(tree)
    for parent in [*tree.iter(*_CONTAINERS, "body")]:
        alike: dict[tuple[str, str], list[Element]] = defaultdict(list)
        for child in parent:
            if child not in kept and weights.letters[child] <= _LONGEST_TEASER and _has_linked_title(child):
                alike[child.tag, child.get("class", "").partition(" ")[0]].append(child)
        for group in alike.values():
            if len(group) >= _FEWEST_LINKS:
                _drop_all(group, kept)


def _has_linked_title(element: Element) -> bool:
    return any(_is_title(link) for link in element.iter("a"))


def _is_title(link: Element) -> bool:
    """Tell whether a link is all that stands in its block, and says as much as a headline."""
    text = words_of(link)
    if text.count(" ") + 1 < _TITLE_WORDS and (text.isascii() or len(text) < _TITLE_LETTERS):
        return False
    parent = link.getparent()
    alone = not (parent.text or "").strip() and not any((child.tail or "").strip() for child in parent)
    return alone and bool(link.get("href") or parent.tag in {"h2", "h3", "h4", "h5"})


def _drop_repeated(tree: Element, kept: set[Element]) -> None:
    """Take out quotes that stand in a paragraph too and were set beside it to be seen."""
    likely = islice(tree.iter("blockquote", "h2", "h3", "h4", "q"), _MOST_QUOTES)
    quotes = [(quote, words_of(quote).strip('“”"«»„ ')) for quote in likely]
    said = " ".join(
        words_of(paragraph) for paragraph in tree.iter("p") if paragraph.getparent().tag != "blockquote"
    )
    _drop_all((quote for quote, text in quotes if len(text) >= _SHORTEST_QUOTE and text in said), kept)


def _drop_labelled(tree: Element, kept: set[Element]) -> None:
    """Take out what begins with words such as "Read also" and is a link, or a title after a colon."""
    weights = Weights.of(tree)
    found = []
    for element in tree.iter(
        "p", "div", "section", "li", "ul", "h2", "h3", "h4", "h5", "h6", "span", "blockquote", "figure"
    ):
        if not 0 < weights.letters[element] <= _LONGEST_LABELLED:
            continue
        text = words_of(element)
        if BOILERPLATE.fullmatch(text):
            found.append(element)
        elif match := LABEL.match(text):
            rest = weights.letters[element] - weights.linked[element] - sum(map(str.isalnum, match[0]))
            if not text[match.end() :] or (weights.links[element] and rest <= _UNLINKED):
                found.append(element)
    _drop_all(found, kept)


def _keep_inner_headers(tree: Element, kept: set[Element]) -> None:
    """Make blocks of the headers of parts, as live pages have them: extraction passes over all headers."""
    for header in [*tree.iter("header")]:
        if header not in kept and any(True for _ in _headings(header)):
            header.tag = "div"


def _keep_posts(tree: Element, kept: set[Element]) -> None:
    """Make blocks of the posts of a live page, and paragraphs of their headings.

    Extraction takes the first `article` for the whole one, and puts what stands above it, of which it keeps
    paragraphs alone, behind it.
    """
    for post in [*tree.iter("article")]:
        if post in kept or not any(above.tag in {"main", "article"} for above in post.iterancestors()):
            continue
        post.tag = "div"
        for heading in [*_headings(post)]:
            if heading not in kept and heading.find(".//a") is None:
                heading.tag = "p"


def _headings(element: Element) -> Iterator[Element]:
    yield from element.iter("h2", "h3", "h4")
