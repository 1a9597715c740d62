"""Short reports: a name, a place or a weekday in common does not make them one event."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from newsletter.model.documents import Document, Span
from newsletter.stories.group import group_documents

SEEN = datetime(2031, 5, 4, 6, 0, tzinfo=UTC)

Pair = tuple[str, str, str, str, str]

#: Language, then headline and text of two reports on two events.
APART: list[Pair] = [
    (
        "en",
        "Trump puts 40 percent duty on copper",
        "U.S. President Donald Trump put a duty of 40 percent on copper on Monday, the White House said.",
        "Trump to receive Putin in Vienna",
        "U.S. President Donald Trump will meet President Vladimir Putin on Friday, the White House said.",
    ),
    (
        "en",
        "Man jailed for seven years for raid on goldsmith",
        "A man of 31 was jailed for seven years at Ardo Crown Court on Monday for raiding a goldsmith's.",
        "Woman jailed for three years for cheating widows",
        "A woman of 47 was jailed for three years at Ardo Crown Court on Monday for cheating widows.",
    ),
    (
        "en",
        "Quay Bank to shed 350 staff",
        "Quay Bank will shed 350 staff by autumn, it said on Tuesday.",
        "Quay Bank may sell its card unit",
        "Quay Bank is thinking of selling its card unit, two people told Reuters.",
    ),
    (
        "en",
        "Stocks end higher",
        "The FTSE 100 rose 0.6% on Monday, helped by miners. Oil stood at $71.20 a barrel.",
        "Stocks end lower as oil drops",
        "The FTSE 100 fell 1.1% on Tuesday, hurt by oil firms. Oil stood at $68.90 a barrel.",
    ),
    (
        "en",
        "Belmora bridge shut by gale",
        "The bridge at Belmora was shut on Sunday because of a gale.",
        "Belmora bridge to get blue paint",
        "The bridge at Belmora will be painted blue next year, the council said on Sunday.",
    ),
    ("en", "Lights are on again in Ardo", "", "Boat to Ardo is late", ""),
    ("en", "Belmora bridge shut by gale", "", "Belmora bridge to get blue paint", ""),
    (
        "en",
        "Car skids into wall near Ardo",
        "A car skidded into a wall near Ardo on Monday morning. The driver is in hospital, police said.",
        "Lorry tips over near Ardo",
        "A lorry tipped over near Ardo on Monday evening. Nobody was hurt, police said.",
    ),
    (
        "en",
        "Carmaker Orvik opens plant",
        "Carmaker Orvik opened a plant in Lodz on Monday that will build 150,000 cars a year.",
        "Orvik calls back 60,000 vans",
        "Carmaker Orvik called back 60,000 vans on Monday because their brakes may fail.",
    ),
    (
        "de",
        "Brand in Lübeck",
        "In Lübeck ist am Montag ein Schuppen abgebrannt, teilte die Feuerwehr mit. Verletzt wurde niemand.",
        "Unfall in Lübeck",
        "In Lübeck ist am Montag eine Radfahrerin verletzt worden, teilte die Polizei mit.",
    ),
    (
        "fr",
        "Incendie à Nantes",
        "Un incendie a détruit lundi un hangar à Nantes. Personne n'a été blessé, selon les pompiers.",
        "Accident à Nantes",
        "Une cycliste a été blessée lundi à Nantes dans un accident, selon la police.",
    ),
    (
        "ru",
        "Пожар в Омске",
        "В Омске в понедельник сгорел гараж. Никто не пострадал, сообщили в МЧС.",
        "ДТП в Омске",
        "В Омске в понедельник трамвай столкнулся с такси. Пострадали двое, сообщили в полиции.",
    ),
    (
        "zh",
        "北京机场新楼启用",
        "北京机场新楼5日启用，总面积十万平方米。",
        "北京图书节迎来两万读者",
        "北京图书节5日开幕，两万读者到场。",
    ),
]

#: The same for two reports on one event.
JOINED: list[Pair] = [
    (
        "en",
        "Transport minister quits over tram tickets",
        "Lorvia's transport minister, Greta Holm-Dahl, quit on Monday in a row over tram tickets, she said.",
        "Holm-Dahl resigns",
        "Greta Holm-Dahl has resigned as transport minister after a dispute about the price of tickets.",
    ),
    (
        "en",
        "Orvik calls back 60,000 vans",
        "Carmaker Orvik called back 60,000 vans on Monday because their brakes may fail.",
        "Brake fault: Orvik recalls vans",
        "Orvik is recalling 60,000 delivery vans over a fault in the brakes, the carmaker said.",
    ),
    (
        "en",
        "Furniture store burns down in Harlow",
        "A furniture store in Mill Lane in Harlow burned down on Monday. Thirty firefighters came.",
        "Fire destroys Harlow furniture store",
        "Fire destroyed a furniture store in Mill Lane, Harlow, late on Monday, firefighters said.",
    ),
    (
        "en",
        "Senn United beat Ambry 3-1",
        "Senn United beat Ambry Rovers 3-1 on Saturday. Ida Falk scored twice.",
        "Falk sinks Ambry",
        "Two goals by Ida Falk gave Senn United a 3-1 win over Ambry Rovers.",
    ),
    (
        "de",
        "Möbellager in Jena abgebrannt",
        "In Jena-Lobeda ist am Montag die Lagerhalle eines Möbelhändlers abgebrannt. 70 Helfer kamen.",
        "Großbrand in Lobeda",
        "Ein Feuer zerstörte in Jena-Lobeda die Lagerhalle eines Möbelhändlers. 70 Helfer löschten.",
    ),
    (
        "zh",
        "北京机场新楼启用",
        "北京机场新楼5日启用，总面积十万平方米，设四十个登机口。",
        "北京机场启用新楼",
        "北京机场今天启用新楼，十万平方米，共四十个登机口。",
    ),
]


def stored(id_: int, headline: str, text: str, language: str) -> Document:
    start = len(headline) + 2
    paragraphs = (Span(start=start, end=start + len(text)),) if text else ()
    return Document(
        id=id_, headline=headline, text=f"{headline}\n\n{text}".strip(), paragraphs=paragraphs,
        content_hash=f"{id_}", language=language, first_seen_at=SEEN,
    )  # fmt: skip


def two(pair: Pair, first_id: int = 1) -> list[Document]:
    language, headline, text, other_headline, other_text = pair
    return [
        stored(first_id, headline, text, language),
        stored(first_id + 1, other_headline, other_text, language),
    ]


@pytest.mark.parametrize("pair", APART, ids=lambda pair: pair[1])
def test_two_events_that_share_a_name_stay_apart(pair: Pair) -> None:
    assert len(group_documents(two(pair))) == 2


@pytest.mark.parametrize("pair", JOINED, ids=lambda pair: pair[1])
def test_two_reports_that_share_several_telling_words_join(pair: Pair) -> None:
    assert len(group_documents(two(pair))) == 1


def test_two_events_stay_apart_and_reports_of_one_join_in_a_mixed_batch() -> None:
    mixed = [document for n, pair in enumerate(APART) for document in two(pair, 2 * n + 1)]
    assert all(
        {2 * n + 1, 2 * n + 2} - {document.id for document in group.documents}
        for group in group_documents(mixed)
        for n in range(len(APART))
    )
    joined = [document for n, pair in enumerate(JOINED) for document in two(pair, 2 * n + 1)]
    assert [{document.id for document in group.documents} for group in group_documents(joined)] == [
        {2 * n + 1, 2 * n + 2} for n in range(len(JOINED))
    ]


def test_copies_join_however_short() -> None:
    line = "The ferry is late."
    assert len(group_documents([stored(1, line, "", "en"), stored(2, line, "", "en")])) == 1
