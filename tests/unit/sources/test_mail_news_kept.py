"""News in mails that sounds like what surrounds a newsletter, or like an answer of a program, is kept."""

from __future__ import annotations

import pytest

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import ParsedDocument, RefusalReason
from newsletter.sources.formats.mail import parse_mail, sender_of
from newsletter.sources.parse import SourceAliases, TextReader

READER = TextReader(aliases=SourceAliases.with_extra({}), detect=lambda _: None)

FIRST = (
    "The harbour of Port Aldis reopened on Monday morning after a gale had kept it closed for two days, "
    "the harbour master said. Ferries to the islands ran again from noon."
)
SECOND = "Two cranes were damaged. Repairs will take until Friday and cost about 300,000 crowns."


def parse(body: str, subject: str = "Harbour reopens") -> ParsedDocument:
    return parse_mail(f"From: Port <news@port.example>\nSubject: {subject}\n\n{body}".encode(), READER)


def news(*paragraphs: str) -> list[str]:
    document = parse("\n\n".join(paragraphs))
    return [span.of(document.text) for span in document.paragraphs]


@pytest.mark.parametrize(
    "sentence",
    [
        "Pilots cannot see the runway in fog, the union said on Monday.",
        "Children with problems reading get help from Monday on, the school said.",
        "In an email sent to staff on Monday, the director said that the plant would close.",
        "Refugees will stop receiving aid in March, the agency said.",
        "Britain may opt out of the treaty, the minister said on Monday.",
        "The US may opt out of the treaty, the minister said on Monday.",
        "Farmers no longer want to get subsidies for maize, the union said.",
        "The police asked for his mailing address on Monday.",
        "Customers could not unsubscribe from its newsletter, the court found on Monday.",
        "Die Stadt wird die Meisterschaft im Mai austragen, sagte der Verband.",
        "Der Premier will im Mai Wahlen abhalten; Betriebe können sich noch abmelden, sagte er.",
        "De premier wil in mei verkiezingen uitschrijven, zei hij maandag.",
        "El alcalde recibe este lunes a los vecinos, dijo el ayuntamiento.",
        "On Tuesday at 10:30 the minister wrote to the council:",
        "On 24 November 2026 at 10:30 the minister wrote to the council:",
        "The city will manage subscriptions to its bicycle scheme itself from May, it said.",
        "The new ferry is powered by batteries and will sail in May.",
        "The parcels were sent by rail to Tessen on Friday, the police said.",
        "The company changed its privacy policy on Monday after a fine of 300,000 crowns.",
    ],
)
def test_a_sentence_of_news_is_no_furniture(sentence: str) -> None:
    told = [FIRST, SECOND, sentence, f"{SECOND} It cost more."]
    assert news(*told) == told
    assert news(FIRST, SECOND, sentence, "Unsubscribe: https://t.example/u") == [FIRST, SECOND, sentence]


@pytest.mark.parametrize("heading", ["Best", "Cheers", "Thanks"])
def test_a_heading_above_news_is_no_last_greeting(heading: str) -> None:
    assert news(FIRST, heading, SECOND)[-1] == SECOND
    assert news(FIRST, SECOND, f"{heading},\nAna Example\nPress office, Quay 1, 12345 Port Aldis") == [
        FIRST,
        SECOND,
    ]


@pytest.mark.parametrize("mark", ["--", "-- "])
def test_hyphens_between_the_items_of_a_digest_begin_no_signature(mark: str) -> None:
    third = "Third, the mayor of Tessen resigned on Monday over the bridge, the city said."
    assert third in news(FIRST, mark, SECOND, mark, third)[-1]
    assert news(FIRST, SECOND, "-- \nAna Example\nPress office") == [FIRST, SECOND]


@pytest.mark.parametrize(
    "foot",
    [
        "Unsubscribe",
        "Click to unsubscribe | Privacy policy",
        "To unsubscribe from this list, reply with STOP.",
        "You can opt out of these mails at any time.",
        "This email was sent to ana@x.example.",
        "Don't want to receive these emails? Click here.",
        "If you no longer wish to receive this newsletter, let us know.",
        "Wenn Sie keine Mails mehr erhalten wollen, können Sie sich hier abmelden.",
        "Manage subscriptions",
        "Newsletter abbestellen",
        "Vous pouvez vous désabonner en un clic.",
        "Puede darse de baja aquí.",
    ],
)
def test_what_speaks_of_the_mail_itself_is_left_out(foot: str) -> None:
    assert news(FIRST, SECOND, foot, "Follow us on Mastodon", "Powered by Mailer.") == [FIRST, SECOND]


@pytest.mark.parametrize(
    "line",
    [
        "Having trouble viewing this email?",
        "Can't see the images? View this in your browser.",
        "Trouble viewing?",
    ],
)
def test_ways_to_the_browser_are_left_out(line: str) -> None:
    assert news(line, FIRST, SECOND) == [FIRST, SECOND]


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic response systems fail at airport",
        "Automated reply bots banned",
        "Out of office workers return to the city",
        "Confirm account takeover was a bank's own fault: police",
        "Verify email senders, agency warns",
        "Confirmez votre vote, dit la ville",
    ],
)
def test_a_headline_is_no_answer_of_a_program(subject: str) -> None:
    assert parse(FIRST, subject).headline == subject


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Harbour reopens",
        "AutoReply",
        "Out of Office AutoReply: Harbour",
        "Out of office",
        "Out of office until Monday",
        "I'm out of the office",
        "Abwesenheitsnotiz von Ben",
        "Réponse automatique : Port",
        "Confirm subscription",
        "Confirm your account",
        "Verify email address for Port news",
        "Confirmez votre inscription",
    ],
)
def test_answers_of_programs_and_requests_to_confirm_are_refused(subject: str) -> None:
    with pytest.raises(DocumentRefusedError) as caught:
        parse(FIRST, subject)
    assert caught.value.reason is RefusalReason.NO_NEWS


@pytest.mark.parametrize(
    ("field", "address"),
    [
        ("evil@evil.example (news@gazette.example)", "evil@evil.example"),
        ("<evil@evil.example> news@gazette.example", "evil@evil.example"),
        ('"news@gazette.example" <evil@evil.example>', "evil@evil.example"),
        ('"<news@gazette.example>" evil@evil.example', "evil@evil.example"),
        ("news@gazette.example <evil@evil.example>", "evil@evil.example"),
        ("=?utf-8?q?=3Cnews=40gazette.example=3E?= <evil@evil.example>", "evil@evil.example"),
        ("<evil@evil.example> =?utf-8?q?=3Cnews=40gazette.example=3E?=", "evil@evil.example"),
        ('"Gazette, The" <News@Gazette.example> (daily)', "news@gazette.example"),
        ("news@gazette.example", "news@gazette.example"),
    ],
)
def test_the_sender_is_no_name_that_looks_like_an_address(field: str, address: str) -> None:
    assert sender_of(f"From: {field}\n\n".encode()) == address
