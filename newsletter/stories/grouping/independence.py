"""How many sources of a story do not rest on one another."""

import re
from collections.abc import Iterable, Sequence

from newsletter.model.documents import Document
from newsletter.stories.grouping.copies import is_part, phrases

#: Characters of a text in which it may name whose report it rests on.
_READ_CHARACTERS = 10_000
#: Documents that are held against one another word for word; of more, those with the lowest ids.
_MOST_COMPARED = 60
#: Agencies that papers rest on, whether or not their own report is at hand.
_AGENCIES = (
    "RFE/RL",
    "Reuters",
    "AP",
    "AFP",
    "dpa",
    "TASS",
    "Interfax",
    "Xinhua",
    "Bloomberg",
    "Kyodo",
    "EFE",
    "ANSA",
)
_BEFORE = (
    r"(?i:told|tells|citing|cited by|reported by|according to|interview with|statement to|laut|gegenüber"
    r"|selon|déclaré à|según|declaró a|сообщает|передает|передаёт|за даними|по данным)"
    r" (?i:the |der |die |l[’'])?"
)
_BEHIND = (
    r" (?:reports?|reported|has learned|learned|berichtete?|meldete?|rapporte|informó|сообщает|повідомляє)\b"
)


def independent_sources(documents: Sequence[Document], *, copy_cutoff: float = 0.8) -> int:
    """Count the sources that do not rest on one another.

    A document counts as whose report it rests on, else as its source: three papers that cite one agency are
    one source, together with the agency. So are papers that print one text, or a part of it. Nothing shows
    that a document which names neither stands on its own: all such count as one, and only where nobody is
    named.

    Args:
        documents: The documents of one story.
        copy_cutoff: Share of common phrases from which two texts are copies, 0 to 1.
    """
    ordered = sorted(documents, key=lambda document: document.id)
    owners = _owners(ordered)
    roots = {owner: owner for owner in owners if owner}

    def root(name: str) -> str:
        """Return the owner at the end of a row of owners."""
        while roots[name] != name:
            name = roots[name]
        return name

    texts = [(owner, phrases(document)) for owner, document in zip(owners, ordered, strict=True) if owner]
    texts = texts[:_MOST_COMPARED]
    for place, (owner, text) in enumerate(texts):
        for other, earlier in texts[:place]:
            one, two = sorted((root(owner), root(other)))
            if one != two and is_part(text, earlier, cutoff=copy_cutoff):
                roots[two] = one
    return len({root(name) for name in roots}) or min(1, len(documents))


def _owners(documents: Sequence[Document]) -> list[str]:
    """Return for each document whose report it is in the end; "" where nobody is named."""
    sources = [_key(document.source) for document in documents]
    names = {
        name for document in documents for name in (document.source, document.origin) if name and name.strip()
    }
    origins = [_key(document.origin) or _cited(document, names) for document in documents]
    rests: dict[str, set[str]] = {}
    for source, origin in zip(sources, origins, strict=True):
        if source:
            rests.setdefault(source, set()).add(origin or source)
    owners = []
    for source, origin in zip(sources, origins, strict=True):
        owner, seen = origin or source, set()
        while owner not in seen and len(rests.get(owner, ())) == 1:
            seen.add(owner)
            owner = next(iter(rests[owner]))
        # Papers that cite one another in a circle are one source, by whichever name comes first.
        owners.append(min(seen) if owner in seen and rests[owner] != {owner} else owner)
    return owners


def _cited(document: Document, names: Iterable[str]) -> str:
    """Return whom the text itself says that it rests on, as a key; "" if nobody."""
    own = _key(document.source)
    known = sorted(
        {" ".join(name.split()) for name in (*names, *_AGENCIES)}, key=lambda name: (-len(name), name)
    )
    others = "|".join(re.escape(name) for name in known if _key(name) != own)
    if not others:
        return ""
    pattern = (
        rf"(?<!\w){_BEFORE}(?P<told>{others})(?![\w/-])|\((?P<tag>{others})\)"
        rf"|(?<![\w/-])(?P<teller>{others}){_BEHIND}"
    )
    match = re.search(pattern, document.text[:_READ_CHARACTERS])
    return _key(match["told"] or match["tag"] or match["teller"]) if match else ""


def _key(name: str | None) -> str:
    return " ".join((name or "").split()).casefold()
