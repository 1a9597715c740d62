from __future__ import annotations

from datetime import UTC, datetime

import pytest

from newsletter.sources.credits import Credits, read_credits, sane_url
from newsletter.sources.dateline import read_dateline, read_dateline_alone, starts_sentence
from newsletter.sources.outlets import SourceAliases

ALIASES = SourceAliases.with_extra({})
DAY = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("By Ana Roe", Credits(byline="Ana Roe")),
        ("BY ANA ROE and Tom Li", Credits(byline="ANA ROE and Tom Li")),
        ("By Ana Roe, Tom Li and Jan van der Meer", Credits(byline="Ana Roe, Tom Li and Jan van der Meer")),
        ("By Ana Roe, Staff Writer", Credits(byline="Ana Roe")),
        ("Ana Roe, Staff Writer", Credits(byline="Ana Roe")),
        ("By J. R. O’Neill-Smith Jr.", Credits(byline="J. R. O’Neill-Smith Jr.")),
        ("By Ana Roe in Port Aldis", Credits(byline="Ana Roe")),
        ("By Ana Roe, Associated Press", Credits(byline="Ana Roe", agency="AP")),
        ("By Ana Roe (Reuters)", Credits(byline="Ana Roe", agency="Reuters")),
        ("By Reuters", Credits(agency="Reuters")),
        ("Von Jürgen Müller", Credits(byline="Jürgen Müller")),
        ("Par Élise Marchand", Credits(byline="Élise Marchand")),
        ("Por José Ortega y Gasset", Credits(byline="José Ortega y Gasset")),
        ("Author: Ana Roe", Credits(byline="Ana Roe")),
        ("By Ana Roe | 24 November 2026", Credits(byline="Ana Roe", published_at=DAY)),
        ("World | 24 November 2026", Credits(published_at=DAY)),
        ("Port Aldis Gazette | 24 November 2026", Credits(source="Port Aldis Gazette", published_at=DAY)),
        (
            "PUBLISHED: 24 Nov 2026 | UPDATED: 25 Nov 2026",
            Credits(published_at=DAY, updated_at=DAY.replace(day=25)),
        ),
        ("Published on 24 November 2026 at 6 local time", Credits(published_at=DAY)),
        ("Date: 03/04/2026", Credits()),
        ("03/04/2026", Credits()),
        ("Source: reuters", Credits(source="Reuters")),
        ("(Source: Northline Wire)", Credits(source="Northline Wire")),
        ("Quelle: dpa", Credits(source="dpa")),
        ("المصدر: وكالة فرانس برس", Credits(source="AFP")),
        ("来源：新华社", Credits(source="Xinhua")),
        ("Sources: Reuters, Ministry of Health", Credits(source="Reuters, Ministry of Health")),
        ("With reporting by Reuters and AP", Credits()),
        ("Published 24 November 2026 | 18:00 UTC", Credits(published_at=DAY.replace(hour=18))),
        (
            "Published 24 November 2026, updated 25 November 2026",
            Credits(published_at=DAY, updated_at=DAY.replace(day=25)),
        ),
        ("Source : Le Monde", Credits(source="Le Monde")),
        ("Source: AP, 24 November 2026", Credits(source="AP", published_at=DAY)),
        ("Source: AP (https://ap.example/1)", Credits(source="AP", url="https://ap.example/1")),
        ("Source: https://ap.example/1", Credits(url="https://ap.example/1")),
        ("URL: https://ap.example/1", Credits(url="https://ap.example/1")),
        ("Read more: <https://ap.example/1>", Credits(url="https://ap.example/1")),
        ("https://ap.example/a?b=c#d", Credits(url="https://ap.example/a?b=c#d")),
        ("URL: javascript:alert(1)", Credits()),
        ("www.ap.example", Credits()),
        ("(Reporting by Ana Roe; Editing by Tom Li)", Credits(byline="Ana Roe")),
        ("© 2026 Northline Wire", Credits()),
        ("Northline Wire. All rights reserved.", Credits()),
    ],
)
def test_a_line_about_the_document_is_read(line: str, expected: Credits) -> None:
    assert read_credits(line, ALIASES, near_headline=True) == expected


@pytest.mark.parametrize(
    "line",
    [
        "By Friday the harbour will be open again.",
        "By Tomorrow",
        "By then it was too late for the crew of the Aurora.",
        "By a narrow margin, voters turned it down",
        "Von der Leyen Visits Kyiv",
        "Por la noche volvió la lluvia",
        "Ana Roe, 34, was not hurt.",
        "Ana Roe, mother of three",
        "Dated 24 November 2026, the letter names nobody.",
        "Source of the river found after 90 years",
        "Sources said: nothing at all.",
        "Published works by women are to be counted",
        "Updated rules for ferries come into force",
        "Copyright law is to be reformed",
        "See https://ap.example/1 for more",
        "Rain | Snow | Wind",
        "",
    ],
)
def test_news_is_left_alone(line: str) -> None:
    assert read_credits(line, ALIASES, near_headline=True) is None


def test_a_foreign_byline_stands_only_near_the_headline() -> None:
    assert read_credits("Por Ana Roe", ALIASES, near_headline=False) is None
    assert read_credits("By Ana Roe", ALIASES, near_headline=False) == Credits(byline="Ana Roe")


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example",
        "http://a.example:8080/x",
        "HTTPS://A.Example/x",
        "https://überseehafen.example/straße",
        "https://8.8.8.8/x",
        f"https://a.example/{'x' * 1_900}",
    ],
)
def test_a_web_address_is_kept_as_written(url: str) -> None:
    assert sane_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "ftp://a.example/x",
        "//a.example/x",
        "a.example",
        "https://",
        "https:///x",
        "https://localhost/x",
        "https://127.0.0.1/x",
        "https://10.0.0.1/x",
        "https://999.1.1.1/x",
        "https://user:pw@a.example/",
        "https://a.example:99999/",
        "https://a.example:0/",
        "https://[::1]/",
        "https://[/",
        'https://a.example/"onclick=',
        "https://a.example/<b>",
        "https://a b.example/",
        f"https://a.example/{'x' * 2_000}",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    assert sane_url(url) is None


@pytest.mark.parametrize(
    ("paragraph", "dateline", "agency", "news"),
    [
        ("KYIV, 24 Feb — The talks", "KYIV, 24 Feb", None, "The talks"),
        ("KYIV—The talks", "KYIV", None, "The talks"),
        ("LONDON (Reuters) - The talks", "LONDON", "Reuters", "The talks"),
        ("London (Reuters) - The talks", "London", "Reuters", "The talks"),
        ("PARIS, Feb. 24 (AP) – “We won”", "PARIS, Feb. 24", "AP", "“We won”"),
        ("PORT ALDIS — 40 ships", "PORT ALDIS", None, "40 ships"),
        ("PORT ALDIS -- The talks", "PORT ALDIS", None, "The talks"),
        ("WASHINGTON, D.C. (AP) — The talks", "WASHINGTON, D.C.", "AP", "The talks"),
        ("ST. LOUIS, Missouri — The talks", "ST. LOUIS, Missouri", None, "The talks"),
        (
            "PORT-AU-PRINCE, Haiti, Feb. 24 (AFP) - The talks",
            "PORT-AU-PRINCE, Haiti, Feb. 24",
            "AFP",
            "The talks",
        ),
        (
            "HARROWBY, Nov. 21 (Northline Wire) — The talks",
            "HARROWBY, Nov. 21",
            "Northline Wire",
            "The talks",
        ),
        (
            "Rio de Janeiro, 24 November 2026 – The talks",
            "Rio de Janeiro, 24 November 2026",
            None,
            "The talks",
        ),
        ("KØBENHAVN – Borgmesteren", "KØBENHAVN", None, "Borgmesteren"),
        ("КИЇВ — Переговори", "КИЇВ", None, "Переговори"),
        ("AP — The talks", None, "AP", "The talks"),
        ("(CNN)The talks — and more —", None, "CNN", "The talks — and more —"),
        ("(CNN) -- The talks", None, "CNN", "The talks"),
        ("(Reuters) “We won”", None, "Reuters", "“We won”"),
        ("Tunis, Tunisia (CNN)The talks", "Tunis, Tunisia", "CNN", "The talks"),
        ("Madrid, 4 may (EFE).- El precio", "Madrid, 4 may", "EFE", "El precio"),
        ("Kell (EFE) .- El precio", "Kell", "EFE", "El precio"),
        ("Köln (dpa/lnw) - Der Rat", "Köln", "dpa", "Der Rat"),
        ("PRAGUE (RFE/RL) -- The talks", "PRAGUE", "RFE/RL", "The talks"),
        ("NEW DELHI: Schools will open", "NEW DELHI", None, "Schools will open"),
        ("القاهرة (أ ف ب) - افتتح", "القاهرة", "AFP", "افتتح"),
        ("新华社北京5月4日电（记者王明）北京", "北京5月4日", "Xinhua", "北京"),
        ("新华社东京2026年5月4日电 北京", "东京2026年5月4日", "Xinhua", "北京"),
    ],
)
def test_a_dateline_is_read(paragraph: str, dateline: str | None, agency: str | None, news: str) -> None:
    found = read_dateline(paragraph, ALIASES)
    assert found is not None
    start, said = found
    assert (said.dateline, said.agency, paragraph[start:]) == (dateline, agency, news)


@pytest.mark.parametrize(
    "paragraph",
    [
        "Paris – the city of light – is dark.",
        "Paris – The city is dark.",
        "NATO — the alliance — said nothing.",
        "BREAKING — The talks have failed.",
        "The bill (H.R. 5) — The senate said — failed.",
        "Doctors Without Borders (MSF) — The group said so.",
        "PARIS–ROUBAIX was won by nobody.",
        "The network (CNN) The talks",
        "(NGO) The talks",
        "(CNN) the talks",
        "COVID-19 — The numbers rise.",
        "DEATH TOLL: Forty people drowned.",
        "NATO: The alliance said nothing.",
        "LUND WINS GOLD IN THE RAIN: Fans sang.",
        "New Delhi: Schools will open.",
        "NEW DELHI: schools will open.",
        "新华社5月4日的报道说，北京",
        "出版社5月4日 开门",
        "It was, she said — And then she left.",
        "KYIV — ",
        "— The talks",
        "",
    ],
)
def test_prose_with_a_dash_is_no_dateline(paragraph: str) -> None:
    assert read_dateline(paragraph, ALIASES) is None


def test_in_an_interview_names_in_capitals_are_no_places() -> None:
    question, answer = "TESSEN GAZETTE: When did you go to sea?", "ADA LUND: At 16."
    assert read_dateline(question, ALIASES, following=answer) is None
    assert read_dateline("NEW DELHI: Schools open.", ALIASES, following="They were shut.") is not None


def test_a_reporter_may_be_named_in_the_dateline() -> None:
    found = read_dateline("新华社北京5月4日电（记者王明）北京", ALIASES)
    assert found is not None
    assert found[1].byline == "王明"


def test_a_full_date_in_a_dateline_is_the_day_of_publication() -> None:
    found = read_dateline("TESSEN, 24 November 2026 — The talks", ALIASES)
    assert found is not None
    assert found[1].published_at == DAY


def test_a_dateline_may_stand_alone() -> None:
    said = read_dateline_alone("KYIV, 24 Feb", ALIASES)
    assert said is not None
    assert said.dateline == "KYIV, 24 Feb"
    assert read_dateline_alone("KYIV, UKRAINE", ALIASES) is None
    assert read_dateline_alone("Kyiv, 24 Feb, was quiet", ALIASES) is None


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ("The", True),
        ("40", True),
        ("“We", True),
        ("« Nous", True),
        ("市长", True),
        ("“we", False),
        ("the", False),
        ("", False),
    ],
)
def test_what_starts_a_sentence(text: str, starts: bool) -> None:
    assert starts_sentence(text) is starts
