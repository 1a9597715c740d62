"""What the words of a language do in a claim: deny it, doubt it, tie it to somebody or to a cause."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Force(StrEnum):
    """What a marker does to the words that it governs."""

    #: Turns a claim into its opposite: not, never, without, denied, refused.
    NEGATION = "negation"
    #: Says who vouches for a claim: said, according to.
    ATTRIBUTION = "attribution"
    #: Makes a claim less than a fact, or the fact smaller: alleged, may, would, plans to, if, some.
    HEDGE = "hedge"
    #: Ties two claims together: because, after.
    RELATION = "relation"


@dataclass(frozen=True, kw_only=True)
class Marker:
    """One meaning that several words share; words of one marker may stand for each other."""

    force: Force
    name: str
    #: Whether the word tells something by itself, so that the source must use it too: "banned".
    tells: bool = False


@dataclass(frozen=True, kw_only=True)
class Lexicon:
    """What is known of one language; every word in lower case, with straight apostrophes."""

    #: ISO 639-1 code.
    language: str
    #: Brings the forms of one word to one key; never fails.
    stem: Callable[[str], str]
    #: Words that claim nothing by themselves.
    function_words: frozenset[str]
    #: Words to their markers; a key of several words is parted by single spaces.
    markers: Mapping[str, Marker]
    #: Number words below a hundred.
    numbers: Mapping[str, int]
    #: "third" and the like.
    ordinals: Mapping[str, int] = field(default_factory=dict)
    #: hundred, thousand, million, dozen.
    multipliers: Mapping[str, int] = field(default_factory=dict)
    #: Phrases before a number, each to the one that stands for its like: "over" to "more than".
    qualifiers: Mapping[str, str] = field(default_factory=dict)
    percent: frozenset[str] = frozenset({"%"})
    #: Prepositions before a number that change what it says: "to 5", "from 5".
    number_prepositions: frozenset[str] = frozenset()
    #: Forms of "be" that make a passive, and the words before its agent.
    passives: frozenset[str] = frozenset()
    agents: frozenset[str] = frozenset()
    #: Other words before a name that make it neither subject nor object.
    prepositions: frozenset[str] = frozenset()
    #: Pronouns of the third person that open a clause.
    pronouns: frozenset[str] = frozenset()
    #: "I", "we", "our": only in a quotation.
    first_person: frozenset[str] = frozenset()
    #: "the", "this", "its": what follows may have been told a sentence before.
    determiners: frozenset[str] = frozenset()
    #: "a", "one".
    singular: frozenset[str] = frozenset()
    #: Words between which a sentence may be parted into claims.
    joints: frozenset[str] = frozenset()
    #: Judgements and promises of importance.
    opinions: frozenset[str] = frozenset()
    #: Key of a word to keys of the source that it may stand for.
    aliases: Mapping[str, frozenset[str]] = field(default_factory=dict)
    #: Keys that need no support.
    plain: frozenset[str] = frozenset()
    #: Whether every noun begins with a capital.
    capital_nouns: bool = False
    #: Whether names take endings.
    inflected_names: bool = False
    #: Whether a comma parts the decimals.
    decimal_comma: bool = True


def table(words: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(words.split())


def markers(force: Force, **groups: str) -> dict[str, Marker]:
    """Return the words of each group with a marker named after it.

    Args:
        force: What all of them do.
        groups: Words or phrases, parted by commas. Those of a name that ends in `_tells` tell something.
    """
    found: dict[str, Marker] = {}
    for name, words in groups.items():
        marker = Marker(force=force, name=name.removesuffix("_tells"), tells=name.endswith("_tells"))
        found |= {" ".join(word.split()): marker for word in words.split(",") if word.strip()}
    return found


def own_markers(force: Force, words: str, stem: Callable[[str], str]) -> dict[str, Marker]:
    """Return each word with a marker named after its stem, so that no two words stand for each other."""
    return {word: Marker(force=force, name=stem(word), tells=True) for word in words.split()}


def numbered(words: str, first: int = 1) -> dict[str, int]:
    """Return words counted from `first`; forms of one number are parted by a slash."""
    return {form: at for at, forms in enumerate(words.split(), first) for form in forms.split("/")}


def counted_tens(words: str) -> dict[str, int]:
    """Return words for 20, 30, ... 90."""
    return {form: 10 * at for at, forms in enumerate(words.split(), 2) for form in forms.split("/")}


def alike(groups: str, stem: Callable[[str], str]) -> dict[str, frozenset[str]]:
    """Return for each key the others of its line, and behind `<` those that it may stand for, one way."""
    found: dict[str, set[str]] = {}
    for line in groups.strip().splitlines():
        mutual, _, narrower = line.partition("<")
        keys = [stem(word) for word in mutual.split()]
        for key in keys:
            found.setdefault(key, set()).update(keys, [stem(word) for word in narrower.split()])
    return {key: frozenset(others) for key, others in found.items()}


def stemmer(endings: str, *, shortest: int) -> Callable[[str], str]:
    """Return a stemmer that cuts one of `endings` off, and leaves at least `shortest` letters."""
    listed = tuple(sorted(endings.split(), key=lambda ending: (-len(ending), ending)))

    def stem(word: str) -> str:
        """Return a word without its longest ending."""
        for ending in listed:
            if word.endswith(ending) and len(word) - len(ending) >= shortest:
                return word[: -len(ending)]
        return word

    return stem
