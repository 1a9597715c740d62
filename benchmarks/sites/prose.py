"""Made-up news in five languages: sentences from patterns, their places filled by chance."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

_SLOT = re.compile(r"\{(\w+)\}")
_FILL: dict[str, dict[str, Sequence[str]]] = {
    "en": {
        "who": (
            "the council",
            "the harbour board",
            "a committee of doctors",
            "the ministry",
            "the rail union",
        ),
        "name": ("Ana Roe", "Tomas Vey", "Ilse Harken", "Bede Okoro", "Mira Sant", "Jon Aldous"),
        "role": ("mayor", "chief engineer", "head of the clinic", "spokesman", "director of the port"),
        "place": ("Port Aldis", "Tessen", "Low Marrow", "the Venn valley", "Karst Bay", "Northwick"),
        "thing": (
            "the old bridge",
            "the night ferry",
            "the tide plant",
            "the school meals plan",
            "the new line",
        ),
        "when": ("on Monday", "late on Tuesday", "this week", "in the spring", "before the holidays"),
        "why": (
            "because repairs would cost too much",
            "after months of dispute",
            "to spare the winter budget",
        ),
        "n": ("12", "40", "1,300", "27,000", "3.5 million", "86"),
    },
    "de": {
        "who": ("der Stadtrat", "die Hafenbehörde", "das Ministerium", "die Gewerkschaft", "der Kreistag"),
        "name": ("Anke Rohde", "Jürgen Veit", "Ilse Härkens", "Mirja Sandt"),
        "place": ("Aldishafen", "Tessen", "Nordwiek", "im Venntal", "Karstbucht"),
        "thing": ("die alte Brücke", "die Nachtfähre", "das Gezeitenkraftwerk", "die neue Strecke"),
        "when": ("am Montag", "am späten Dienstag", "in dieser Woche", "im Frühjahr"),
        "n": ("12", "40", "1300", "27.000", "3,5 Millionen"),
    },
    "fr": {
        "who": ("le conseil municipal", "l’autorité du port", "le ministère", "le syndicat des cheminots"),
        "name": ("Anne Rohart", "Thomas Veil", "Élise Harquin", "Mireille Sante"),
        "place": ("Port-Aldis", "Tessen", "la vallée du Venn", "Nordoise"),
        "thing": ("le vieux pont", "le bac de nuit", "l’usine marémotrice", "la nouvelle ligne"),
        "when": ("lundi", "mardi soir", "cette semaine", "au printemps"),
        "n": ("12", "40", "1 300", "27 000"),
    },
    "ar": {
        "who": ("المجلس البلدي", "هيئة الميناء", "الوزارة", "نقابة السكك الحديدية"),
        "name": ("سامي الحداد", "ليلى منصور", "كريم النجار"),
        "place": ("ميناء الديس", "مدينة تيسان", "وادي الفين", "الشمال"),
        "thing": ("الجسر القديم", "العبارة الليلية", "محطة المد والجزر", "الخط الجديد"),
        "when": ("يوم الاثنين", "مساء الثلاثاء", "هذا الأسبوع", "في الربيع"),
        "n": ("12", "40", "1300", "27"),
    },
    "zh": {
        "who": ("市议会", "港务局", "交通部", "铁路工会"),
        "name": ("王丽华", "陈志远", "李明珠"),
        "place": ("阿尔迪斯港", "特森市", "芬河谷", "北维克"),
        "thing": ("旧桥", "夜间渡轮", "潮汐电站", "新线路"),
        "when": ("星期一", "星期二晚间", "本周", "今年春天"),
        "n": ("12", "40", "1300", "2.7万"),
    },
}
_SENTENCES: dict[str, Sequence[str]] = {
    "en": (
        "{who} in {place} decided {when} to close {thing} {why}.",
        "“We looked at every other way, and there was none,” said {name}, the {role}.",
        "About {n} people use {thing} each day, according to figures that were published {when}.",
        "{name}, who lives in {place}, called the plan a mistake that would be felt for {n} years.",
        "The work is to cost {n} crowns, of which the state pays half.",
        "It was not clear {when} who would pay for the rest, or whether {who} would be asked again.",
        "Engineers found cracks in {thing} {when}, {n} of them deeper than a hand.",
        "In {place}, by contrast, {who} has kept its own going for {n} years without such trouble.",
        "“Nobody asked us,” {name} said {when}. “We read of it in the paper.”",
        "A first draft, seen by this newspaper, had named {place} as the better site.",
        "Opponents gathered {n} signatures within a week and handed them to {who} {when}.",
        "The {role}, {name}, did not answer questions but promised a report {when}.",
        "Similar plans failed twice before, {why}.",
        "Should the vote hold, buses will run from {place} every {n} minutes instead.",
    ),
    "de": (
        "{who} in {place} hat {when} beschlossen, {thing} zu schließen.",
        "„Wir haben jeden anderen Weg geprüft, und es gab keinen“, sagte {name}.",
        "Etwa {n} Menschen nutzen {thing} jeden Tag, wie aus Zahlen hervorgeht, die {when} bekannt wurden.",
        "{name} aus {place} nannte den Plan einen Fehler, der {n} Jahre zu spüren sein werde.",
        "Die Arbeiten kosten {n} Kronen, von denen das Land die Hälfte übernimmt.",
        "Fachleute fanden {when} Risse, {n} davon tiefer als eine Hand.",
        "Gegner sammelten {n} Unterschriften und übergaben sie {when}.",
        "Ähnliche Vorhaben waren zuvor zweimal gescheitert.",
    ),
    "fr": (
        "À {place}, {who} a décidé {when} de fermer {thing}.",
        "« Nous avons étudié toutes les autres voies, il n’y en avait pas », a déclaré {name}.",
        "Environ {n} personnes empruntent {thing} chaque jour, selon des chiffres publiés {when}.",
        "{name}, qui habite à {place}, y voit une erreur qui se fera sentir pendant {n} ans.",
        "Les travaux coûteront {n} couronnes, dont l’État paiera la moitié.",
        "Des ingénieurs ont trouvé {when} des fissures, dont {n} plus profondes qu’une main.",
        "Les opposants ont réuni {n} signatures et les ont remises {when}.",
    ),
    "ar": (
        "قرر {who} في {place} {when} إغلاق {thing} بعد أشهر من الخلاف.",
        "وقال {name} إن جميع الطرق الأخرى درست ولم يكن هناك بديل.",
        "ويستخدم نحو {n} شخصا {thing} كل يوم وفقا لأرقام نشرت {when}.",
        "ووصف {name} الخطة بأنها خطأ ستبقى آثاره {n} عاما.",
        "وتبلغ كلفة الأعمال {n} مليون كرونة تدفع الدولة نصفها.",
        "وجمع المعارضون {n} ألف توقيع وسلموها إلى {who} {when}.",
    ),
    "zh": (
        "{place}的{who}{when}决定关闭{thing}，理由是维修费用过高。",
        "{name}说：“我们研究过所有其他办法，但没有一个可行。”",
        "{when}公布的数据显示，每天约有{n}人使用{thing}。",
        "住在{place}的{name}认为这项计划是一个错误，其影响将持续{n}年。",
        "工程造价为{n}亿克朗，其中一半由国家承担。",
        "工程师{when}发现了裂缝，其中{n}条比手掌还深。",
        "反对者收集了{n}个签名，并{when}交给了{who}。",
    ),
}
_HEADLINES: dict[str, Sequence[str]] = {
    "en": ("{place} votes to close {thing}", "{n} cracks found in {thing}", "Why {place} gave up {thing}"),
    "de": ("{place} stimmt gegen {thing}", "{n} Risse: Streit um {thing} in {place}"),
    "fr": ("{place} renonce : {thing} fermera {when}", "{n} fissures, la colère monte à {place}"),
    "ar": ("{place}: إغلاق {thing} {when}", "خلاف حول {thing} في {place}"),
    "zh": ("{place}决定关闭{thing}引发争议", "{thing}发现{n}处裂缝"),
}
SITES = {
    "en": ("The Aldis Courier", "Northline", "Harbour Post", "The Venn Observer", "Radio Karst"),
    "de": ("Nordwieker Bote", "Tagblatt Tessen"),
    "fr": ("Le Journal de Tessen", "L’Écho du Venn"),
    "ar": ("صحيفة الميناء",),
    "zh": ("北维克日报",),
}


@dataclass(frozen=True, kw_only=True)
class Story:
    """A piece of made-up news."""

    language: str
    site: str
    headline: str
    standfirst: str
    paragraphs: tuple[str, ...]
    author: str
    at: datetime
    #: Headlines of other pieces.
    teasers: tuple[str, ...]
    caption: str
    comments: tuple[str, ...]
    #: As the site would write it: the host, without scheme.
    host: str
    url: str
    tags: tuple[str, ...] = field(default=("Transport", "Town hall"))

    @property
    def iso(self) -> str:
        """The time of publication, two hours east of UTC."""
        return (self.at + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S+02:00")


class Desk:
    """Writes news by chance, the same for the same seed."""

    def __init__(self, seed: str) -> None:
        self.dice = random.Random(seed)

    def _fill(self, pattern: str, language: str) -> str:
        filled = _SLOT.sub(lambda slot: self.dice.choice(_FILL[language][slot[1]]), pattern)
        return filled[0].upper() + filled[1:]

    def sentence(self, language: str = "en") -> str:
        """Write a sentence."""
        return self._fill(self.dice.choice(_SENTENCES[language]), language)

    def paragraph(self, language: str = "en", *, sentences: int = 0) -> str:
        """Write a paragraph of so many sentences; by chance if 0."""
        many = sentences or self.dice.choice((1, 2, 2, 3, 4))
        chosen = self.dice.sample(_SENTENCES[language], min(many, len(_SENTENCES[language])))
        return ("" if language == "zh" else " ").join(self._fill(pattern, language) for pattern in chosen)

    def headline(self, language: str = "en") -> str:
        """Write a headline."""
        return self._fill(self.dice.choice(_HEADLINES[language]), language)

    def story(self, language: str = "en", *, paragraphs: int = 0) -> Story:
        """Write a piece.

        Args:
            language: One of five.
            paragraphs: How many; by chance if 0.
        """
        many = paragraphs or self.dice.choice((5, 7, 9, 12))
        at = datetime(2025, 5, 4, tzinfo=UTC) + timedelta(minutes=self.dice.randrange(280_000))
        host = f"www.{self.dice.choice(('courier', 'northline', 'harbourpost', 'observer'))}.example"
        number = self.dice.randrange(10_000, 99_999)
        return Story(
            language=language,
            site=self.dice.choice(SITES[language]),
            headline=self.headline(language),
            standfirst=self.sentence(language),
            paragraphs=tuple(dict.fromkeys(self.paragraph(language) for _ in range(many))),
            author=self.dice.choice(_FILL[language]["name"]),
            at=at,
            teasers=tuple(self.headline(language) for _ in range(8)),
            caption=self.sentence(language),
            comments=tuple(self.paragraph(language) for _ in range(4)),
            host=host,
            url=f"https://{host}/news/{number}-story",
        )
