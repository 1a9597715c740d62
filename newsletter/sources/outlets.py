"""Names of news outlets, and the phrases in which one report rests on another."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

from newsletter.errors import SettingsError

#: The name used for readers, then other names that it goes by.
_OUTLETS = (
    ("RFE/RL", "Radio Free Europe/Radio Liberty", "Radio Free Europe", "Radio Liberty", "Radio Svoboda"),
    ("AP", "Associated Press", "AP News", "أ ب", "美联社"),
    (
        "AFP",
        "Agence France-Presse",
        "Agence France Presse",
        "أ ف ب",
        "فرانس برس",
        "وكالة فرانس برس",
        "法新社",
    ),
    ("Reuters", "Thomson Reuters", "رويترز", "路透社"),
    ("BBC", "BBC News", "British Broadcasting Corporation", "BBC World Service"),
    ("dpa", "DPA", "Deutsche Presse-Agentur", "د ب أ", "德新社"),
    ("TASS", "ITAR-TASS"),
    ("Interfax",),
    ("RIA Novosti",),
    ("Xinhua", "Xinhua News Agency", "新华社", "新華社", "شينخوا"),
    ("Kyodo", "Kyodo News", "共同社"),
    ("NHK",),
    ("Yonhap", "Yonhap News Agency"),
    ("Bloomberg", "Bloomberg News"),
    ("The New York Times", "New York Times", "NYT"),
    ("The Washington Post", "Washington Post"),
    ("The Wall Street Journal", "Wall Street Journal", "WSJ"),
    ("Financial Times", "FT"),
    ("The Guardian",),
    ("The Economist",),
    ("CNN",),
    ("CNBC",),
    ("NBC News", "NBC"),
    ("ABC News",),
    ("CBS News", "CBS"),
    ("Fox News",),
    ("NPR",),
    ("Politico",),
    ("Axios",),
    ("Al Jazeera", "Aljazeera"),
    ("Deutsche Welle", "DW"),
    ("Der Spiegel", "Spiegel"),
    ("ARD",),
    ("ZDF",),
    ("Le Monde",),
    ("Le Figaro",),
    ("France 24",),
    ("El País",),
    ("EFE",),
    ("ANSA",),
    ("PAP", "Polish Press Agency"),
    ("Ukrinform",),
    ("Ukrainska Pravda",),
    ("Meduza",),
    ("Anadolu", "Anadolu Agency"),
    ("PTI", "Press Trust of India"),
    ("Euronews",),
    ("Sky News",),
)
#: Words that end the name of an outlet which no table knows.
_OUTLET_WORDS = (
    "Broadcasting Bulletin Chronicle Courier Dispatch Examiner Gazette Globe Herald Inquirer Journal Ledger "
    "News Newspaper Observer Post Press Radio Review Sentinel Telegraph Television Times Tribune Wire"
)
#: "Canada Post" carries letters; "the Bangkok Post" and "the Canada Post" are papers.
_POSTAL = (
    "Canada|Australia|Japan|India|Zealand|New Zealand|NZ|Singapore|Malaysia|Pakistan|Thailand|Korea|Ghana"
    "|Nigeria|Kenya|Uganda|Tanzania|Bangladesh|Lanka|Sri Lanka|Kong|Hong Kong|Hongkong|Deutsche|Swiss"
    "|Austrian|Finland|Iceland|Ireland|Israel|Cyprus|Malta|Greece|Hellenic|China|Chunghwa|Guernsey|Jersey|Latvia"
    "|Latvian|Estonia|Estonian|Lithuania|Lithuanian|Croatia|Croatian|Egypt|Emirates|Saudi|Qatar|Vietnam|Fiji"
    "|Botswana|Namibia|Ethiopian|Nepal|Hungarian|Czech|Slovak|Bulgarian|Turkish|Iran|Serbia|Norway|Poland"
)
#: What goes on with a capital is somebody's title instead ("White House Press Secretary").
_UNKNOWN_OUTLET = (
    rf"(?:(?<=[Tt]he )|(?!(?:{_POSTAL}) Post\b))"
    rf"(?:[A-Z][\w’'&-]{{0,30}} ){{1,4}}(?:{_OUTLET_WORDS.replace(' ', '|')})(?: Agency)?(?! [A-Z])"
)
_UNKNOWN = re.compile(_UNKNOWN_OUTLET)
#: Longest short name, in characters, that is told from a word only by its capitals.
_SHORT_NAME = 5
_THE = re.compile(r"^the ", re.IGNORECASE)
#: Part of a paragraph in which citations are looked for, in characters.
_REACH = 1_000

_LEAD = (
    r"(?:[Aa]ccording to|[Ll]aut|[Nn]ach (?:Angaben|Informationen) (?:von|der|des)|[Ss]elon|[Dd]’après"
    r"|[Ss]egún|[Ss]econdo|[Ss]egundo|[Ww]edług|[Vv]olgens|[Ee]nligt|[Pp]odle|[Зз]а даними|[Пп]о данным)"
)
_GIVEN_TO = (
    r"(?:[Tt]old|[Cc]iting|[Cc]ited|(?:[Rr]eported|[Cc]ited|[Qq]uoted|[Pp]ublished|[Ss]een|[Oo]btained) by"
    r"|[Ii]nterview (?:with|to)|[Ss]tatement to|[Bb]erichtete?|[Mm]eldete?|[Rr]apporte|[Aa]s reported in)"
)
_ARTICLE = r"(?:[Tt]he |[Dd]er |[Dd]ie |[Dd]as |[Dd]em |[Ll]e |[Ll]a |[Ee]l |[Ll][’'])?"
_REPORTED = (
    r"(?:,? (?:has|had|have|also|first|earlier|later|zuerst|a|ha))*"
    r" (?:reported|reports?|writes|wrote|revealed|berichtete?|meldete?|schrieb|rapporté|rapporte|informó"
    r"|riferito)"
)


@dataclass(frozen=True, kw_only=True)
class SourceAliases:
    """What outlets are called in documents, and what they are called before readers."""

    #: Each alias, folded by `_key`, with the name used for readers.
    names: Mapping[str, str]
    #: Finds a citation in a paragraph, its outlet in one of the groups.
    citation: re.Pattern[str]
    #: Matches "According to X, " at the start of a paragraph.
    lead_in: re.Pattern[str]

    @classmethod
    def with_extra(cls, extra: Mapping[str, str]) -> Self:
        """Return the built-in table with an operator's own names.

        Args:
            extra: Name for readers by alias; an alias that the table has is replaced.

        Raises:
            SettingsError: An alias or a name is blank.
        """
        spellings = {alias: names[0] for names in _OUTLETS for alias in names}
        for alias, name in extra.items():
            if not alias.strip() or not name.strip():
                raise SettingsError(f"source alias {alias!r} = {name!r}: neither side may be blank")
            spellings[" ".join(alias.split())] = " ".join(name.split())
        spellings = {name: name for name in spellings.values()} | spellings
        alternatives = [_pattern(alias) for alias in sorted(spellings, key=len, reverse=True)]
        outlet = rf"(?<![\w/])(?:{'|'.join(alternatives)}|{_UNKNOWN_OUTLET})(?![\w/]|-\w)"
        descriptors = r"(?:[\w’'-]{1,30} ){0,5}?(?:[Ll][’'])?"
        citation = (
            rf"{_LEAD} {descriptors}(?P<cited>{outlet})"
            rf"|(?<!\w){_GIVEN_TO} {descriptors}(?P<told>{outlet})"
            rf"|(?P<reporter>{outlet}){_REPORTED}(?!\w)"
        )
        lead_in = rf"{_LEAD} {_ARTICLE}(?P<cited>{outlet}), "
        return cls(
            names=MappingProxyType({_key(alias): name for alias, name in spellings.items()}),
            citation=re.compile(citation),
            lead_in=re.compile(lead_in),
        )

    def known(self, text: str) -> str | None:
        """Return the name used for readers if `text` is an outlet of the table, else None."""
        text = text.strip()
        for spelling in (text, _THE.sub("", text)):
            name = self.names.get(_key(spelling))
            if name:
                return name
        return None

    def outlet(self, text: str) -> str | None:
        """Return the name used for readers if `text` is an outlet, by the table or by how it is called."""
        text = text.strip()
        return self.known(text) or (text if _UNKNOWN.fullmatch(text) else None)

    def display(self, text: str) -> str:
        """Return the name used for readers; `text` itself if no table has it."""
        return self.known(text) or text.strip()

    def find_origin(self, paragraph: str) -> str | None:
        """Return whose report a paragraph says that it rests on, under the name used for readers."""
        match = self.citation.search(paragraph[:_REACH])
        if not match:
            return None
        name: str = match["cited"] or match["told"] or match["reporter"]
        return self.known(name) or (name.removeprefix("The ") if name.count(" ") > 1 else name)


def _is_short_name(alias: str) -> bool:
    return len(alias) <= _SHORT_NAME and not alias.istitle()


def _key(alias: str) -> str:
    return alias if _is_short_name(alias) else alias.casefold()


def _pattern(alias: str) -> str:
    """Return what finds an alias in prose, where only capitals tell "the guardian" from a newspaper."""
    if _is_short_name(alias):
        return re.escape(alias)
    spellings = f"{re.escape(alias)}|{re.escape(alias.upper())}"
    return f"[Tt]he {re.escape(alias[4:])}|{spellings}" if alias.startswith("The ") else spellings
