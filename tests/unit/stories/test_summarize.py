"""Summaries: what every one of them keeps to, and the traps of news text."""

from __future__ import annotations

from itertools import pairwise

import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import SummarizerError
from newsletter.model.documents import ParsedDocument, Span
from newsletter.model.stories import Summary
from newsletter.stories.sentences import count_words
from newsletter.stories.summarize import SUMMARIZER_NAMES, get_summarizer, summarize
from newsletter.stories.sumy import ALGORITHMS
from newsletter.stories.text.cleaning import CleanSentence, clean_sentences


def parsed(headline: str, *paragraphs: str, language: str | None = "en") -> ParsedDocument:
    text = headline
    spans = []
    for paragraph in paragraphs:
        text += "\n\n"
        spans.append(Span(start=len(text), end=len(text) + len(paragraph)))
        text += paragraph
    return ParsedDocument(
        headline=headline, text=text, paragraphs=tuple(spans), content_hash="0", language=language
    )


def told(document: ParsedDocument, **options: object) -> list[str]:
    summary = summarize(document, **options)  # type: ignore[arg-type]
    check(document, summary)
    return [sentence.text for sentence in summary.sentences]


def check(document: ParsedDocument, summary: Summary) -> None:
    assert summary.sentences
    spans = [sentence.span for sentence in summary.sentences]
    assert spans == sorted(spans)
    assert all(one.end <= other.start for one, other in pairwise(spans))
    for sentence in summary.sentences:
        kept = CleanSentence(span=sentence.span, cuts=sentence.cuts)
        assert kept.of(document.text) == sentence.text != ""


FLOOD = parsed(
    "Flood Cuts Off Village In The Hills",
    "A flood cut off the hill village of Ardo on Tuesday after two days of rain, the county said.",
    "Rescue teams carried 40 residents over a footbridge before it gave way.",
    "“We heard the stones first. Then the water came,” said Ines Duval, who runs the bakery.",
    "Engineer Tomas Brill expects the road to stay shut for a month. Brill has asked the army for a bridge.",
    "But the army has no bridge to spare. It sent two to the coast last week.",
    "Photo: A street in Ardo (pictured).",
    "Sign up for our morning newsletter.",
    "Farmers lost at least 300 sheep in the valley, according to their union.",
    "Why was nobody warned?",
    "The weather office forecasts more rain for the weekend.",
)


@pytest.mark.parametrize("name", SUMMARIZER_NAMES)
def test_every_summarizer_gives_readable_sentences(name: str) -> None:
    sentences = told(FLOOD, summarizer=name)
    assert len(sentences) == 3
    assert summarize(FLOOD, summarizer=name).method == name
    text = " ".join(sentences)
    for defect in ("Photo:", "Sign up", "Why was nobody"):
        assert defect not in text
    assert text.count("“") == text.count("”")
    if "It sent two" in text:
        assert "But the army" in text
    if "Brill has asked" in text:
        assert "Tomas Brill" in text


def test_lead_tells_the_beginning() -> None:
    assert told(FLOOD, summarizer="lead") == [
        "A flood cut off the hill village of Ardo on Tuesday after two days of rain, the county said.",
        "Rescue teams carried 40 residents over a footbridge before it gave way.",
        "“We heard the stones first. Then the water came,” said Ines Duval, who runs the bakery.",
    ]


@pytest.mark.parametrize("count", [1, 2, 4])
@pytest.mark.parametrize("limit", [12, 25, 60])
def test_counts_and_limits_are_kept(count: int, limit: int) -> None:
    sentences = told(FLOOD, sentence_count=count, word_limit=limit)
    assert len(sentences) <= count
    assert count_words(" ".join(sentences)) <= limit


def test_the_document_id_goes_with_each_sentence() -> None:
    assert {s.document_id for s in summarize(FLOOD, document_id=7).sentences} == {7}


def test_a_short_document_is_given_whole() -> None:
    document = parsed("Market closes", "But it rained.", "They went home early, she said.")
    assert told(document) == ["But it rained.", "They went home early, she said."]


def test_a_short_document_leaves_out_what_is_no_news() -> None:
    document = parsed(
        "Market closes early", "Market closes early", "Rain ended the market at ten.", "Read more"
    )
    assert told(document) == ["Rain ended the market at ten."]


def test_the_headline_is_not_told_again() -> None:
    document = parsed(
        "Port Workers End Strike After Pay Deal",
        "Port workers end strike after a pay deal.",
        "Cranes moved again at dawn on Friday, nine days after the last ship had left.",
        "The union will vote on the text in June.",
        "Shops had begun to run out of fruit and coffee.",
        "The port's owner put the loss at 80 million.",
    )
    assert told(document)[0].startswith("Cranes moved")


@pytest.mark.parametrize(
    ("headline", "paragraph"),
    [
        (
            "Marl dims its street lamps",
            "The town of Marl dimmed its street lamps on Monday. They use half the power.",
        ),
        (
            "Reserve bank lifts rate to 4.75 percent",
            "The Reserve Bank lifted its rate to 4.75 percent on Friday, Governor Ode said. It was time.",
        ),
        ("Marl dims its street lamps", "Marl dims its street lamps. They use half the power."),
        ("Ferry stops", "The ferry stops. But nobody knew. They had been told of a delay."),
    ],
)
@pytest.mark.parametrize("name", SUMMARIZER_NAMES)
def test_a_lead_like_the_headline_stays_before_what_leans_on_it(
    name: str, headline: str, paragraph: str
) -> None:
    assert " ".join(told(parsed(headline, paragraph), summarizer=name)) == paragraph


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("name", SUMMARIZER_NAMES)
def test_a_long_report_never_opens_in_mid_air(name: str, count: int) -> None:
    lead = "Marl dims its street lamps."
    document = parsed(
        "Marl dims its street lamps", lead, "They use half the power.", "But it is darker.",
        "He said the council was glad.", "She was not so sure about it.", "They will meet again in June.",
    )  # fmt: skip
    assert told(document, summarizer=name, sentence_count=count)[0] == lead


def test_a_dateline_does_not_hide_the_lead() -> None:
    document = parsed(
        "Lights on again", "Ardo, Monday. Power returned to Ardo on Monday. Crews had no sleep."
    )
    assert "Power returned to Ardo on Monday." in told(document)


def test_a_lead_that_tells_more_than_the_headline_stays() -> None:
    document = parsed(
        "Port Workers End Strike",
        "Port workers in Harlow ended a nine-day strike on Friday after the owner offered six percent more.",
        "Cranes moved again at dawn.",
        "The union will vote on the text in June.",
        "Shops had begun to run out of fruit and coffee.",
    )
    assert told(document)[0].startswith("Port workers in Harlow")


def test_nothing_is_said_twice() -> None:
    again = "The mayor opened the new bridge over the Tarn on Monday."
    near = "On Monday, the mayor opened a new bridge over the Tarn."
    document = parsed(
        "Bridge", again, near, again, "It cost nine million and took four years.", "Trams follow."
    )
    assert [s for s in told(document) if "mayor" in s] == [again]


@pytest.mark.parametrize("name", SUMMARIZER_NAMES)
def test_repeated_sentences_keep_their_places(name: str) -> None:
    line = "Rain fell on the town of Ardo again."
    document = parsed("Rain", *[line] * 30, "The river Tarn is two metres above its usual level.")
    assert told(document, summarizer=name, sentence_count=2)


def test_a_dangling_sentence_comes_only_with_the_one_before() -> None:
    document = parsed(
        "Bank",
        "Read more: our full report on banks",
        "He said the bank would stay open.",
        "The central bank raised its rate by half a point on Thursday.",
        "However, it left the forecast for growth where it was.",
        "Analysts had expected a smaller step this month.",
    )
    assert told(document, summarizer="lead") == [
        "The central bank raised its rate by half a point on Thursday.",
        "However, it left the forecast for growth where it was.",
        "Analysts had expected a smaller step this month.",
    ]
    assert told(document) == [
        "The central bank raised its rate by half a point on Thursday.",
        "Analysts had expected a smaller step this month.",
    ]


def test_an_overlong_sentence_gives_way() -> None:
    long = "The report lists " + ", ".join(f"village number {n}" for n in range(20)) + "."
    document = parsed(
        "Report", long, "Twenty villages have no clean water.", "Aid is on its way.", "Wells ran dry."
    )
    assert long not in told(document)


def test_an_overlong_sentence_serves_where_nothing_else_does() -> None:
    long = "The report lists " + ", ".join(f"village number {n}" for n in range(20)) + "."
    assert told(parsed("Water", long, "Read more", "Advertisement", "© Ardo Post")) == [long]


def test_a_question_alone_is_no_summary() -> None:
    document = parsed(
        "Bees", "Where have all the bees gone?", "Nobody on the plateau can say.", "Hives stand empty."
    )
    assert told(document, sentence_count=1) == ["Nobody on the plateau can say."]


def test_a_cut_quotation_gives_way() -> None:
    document = parsed(
        "Ferry",
        "“The ferry was late again and nobody told us why.",
        "The operator cancelled half of all sailings in March.",
        "Islanders want a second ship before the summer.",
        "The ministry will answer in May.",
    )
    assert "“" not in " ".join(told(document))


@pytest.mark.parametrize("name", SUMMARIZER_NAMES)
@pytest.mark.parametrize(
    ("headline", "paragraphs"),
    [
        ("Rain", ()),
        ("Rain", ("Rain",)),
        ("Rain", ("...",)),
        ("!!!", ("?!", "—")),
        ("RAIN", ("RAIN FELL ON THE TOWN. NOBODY WAS HURT. THE ROADS ARE WET. THE BUSES RUN AGAIN.",)),
        ("Rain", ("the of and a in. to the and of. a the of it. of the and.",)),
        ("Rain", ("Read more", "Advertisement", "© Ardo Post", "Subscribe", "Sign up for news")),
        pytest.param("Rain", ("word " * 50_000,), marks=pytest.mark.sweep),
        ("", ("word " * 50_000,)),
        ("", ("字" * 50_000,)),
        ("", ("x" * 100_000,)),
        pytest.param("", ("x" * 500_000,), marks=pytest.mark.sweep),
        ("Rain " * 5000, ()),
        ("Rain", tuple(["He left."] * 100)),
        pytest.param("Rain", tuple(["He left."] * 400), marks=pytest.mark.sweep),
        ("Rain", ("🙂 🙂 🙂. 🙂 🙂! 🙂? 🙂.",)),
    ],
)
def test_odd_documents_give_something_short(name: str, headline: str, paragraphs: tuple[str, ...]) -> None:
    sentences = told(parsed(headline, *paragraphs), summarizer=name)
    assert count_words(" ".join(sentences)) <= 220
    assert len(" ".join(sentences)) < 3000


def test_a_document_of_a_headline_alone_is_told_by_it() -> None:
    summary = summarize(parsed("Bridge over the Tarn opens"))
    assert [s.span for s in summary.sentences] == [Span(start=0, end=26)]


def test_no_text_at_all_is_refused() -> None:
    with pytest.raises(SummarizerError, match="no text"):
        summarize(parsed(" ", "\t"))


LANGUAGES = {
    "de": (
        "Der Fluss stieg am Montag um zwei Meter. Helfer brachten vierzig Menschen in Sicherheit. "
        "Die Straße bleibt gesperrt. Er kam nicht. Am 3. Mai soll eine neue Brücke kommen. Bauern "
        "verloren dreihundert Schafe."
    ),
    "fr": (
        "La rivière a monté de deux mètres lundi. Des secours ont évacué quarante habitants. « Nous "
        "avons tout perdu », dit Mme Roy. La route reste fermée. Il pleut encore. Un pont "
        "provisoire arrive en mai."
    ),
    "zh": (
        "河水周一上涨两米。救援人员转移了四十名居民。通往山谷的道路仍然关闭。农民失去了三百只羊。气"
        "象台预计周末还有雨。"
    ),
    "ja": (
        "川は月曜日に二メートル上昇した。救助隊は四十人の住民を避難させた。谷への道路は閉鎖されたま"
        "まだ。週末も雨が続く見込みだ。"
    ),
    "ar": (
        "ارتفع منسوب النهر مترين يوم الاثنين. نقل المنقذون أربعين من السكان. لا يزال الطريق إلى "
        "الوادي مغلقا. فقد المزارعون ثلاثمئة رأس."
    ),
    "hi": (
        "सोमवार को नदी दो मीटर ऊपर उठी। बचाव दल ने चालीस लोगों को निकाला। घाटी की सड़क बंद है। "
        "किसानों ने भेड़ें खो दीं। और बारिश होगी।"
    ),
    "el": (
        "Ο ποταμός ανέβηκε δύο μέτρα τη Δευτέρα. Τα συνεργεία μετέφεραν σαράντα κατοίκους. Ο δρόμος "
        "μένει κλειστός. Θα βρέξει ξανά."
    ),
    "th": ("แม่น้ำสูงขึ้นสองเมตรเมื่อวันจันทร์ ทีมกู้ภัยอพยพชาวบ้านสี่สิบคน ถนนยังปิดอยู่"),
    "ru": (
        "Река поднялась в понедельник на два метра. Спасатели вывели сорок жителей. Дорога в долину "
        "закрыта. Ждут дождя."
    ),
}


@pytest.mark.parametrize("name", SUMMARIZER_NAMES)
@pytest.mark.parametrize("language", [*LANGUAGES, "xx", "de-AT", None])
def test_every_summarizer_takes_every_language(name: str, language: str | None) -> None:
    text = LANGUAGES.get((language or "ru")[:2], LANGUAGES["de"])
    document = parsed("Nachrichten", text, language=language)
    sentences = told(document, summarizer=name, sentence_count=2)
    assert 1 <= len(sentences) <= 2
    assert told(document, summarizer=name, sentence_count=2, language="en")


@pytest.mark.parametrize("name", SUMMARIZER_NAMES)
def test_summaries_do_not_change_from_run_to_run(name: str) -> None:
    assert summarize(FLOOD, summarizer=name) == summarize(FLOOD, summarizer=name)


def test_names_are_looked_up() -> None:
    assert ("editor", "lead", *ALGORITHMS) == SUMMARIZER_NAMES
    assert get_summarizer(" LexRank ").name == "lexrank"
    with pytest.raises(SummarizerError) as caught:
        get_summarizer("gpt")
    assert all(name in str(caught.value) for name in SUMMARIZER_NAMES)


@pytest.mark.parametrize("options", [{"sentence_count": 0}, {"word_limit": 0}])
def test_numbers_below_one_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(SummarizerError):
        summarize(FLOOD, **options)  # type: ignore[arg-type]


PIECES = st.one_of(
    st.text(min_size=1, max_size=80),
    st.sampled_from(
        [*FLOOD.body.split("\n\n"), "He said so.", "“One. Two.", "?", "READ MORE", "Yes.", "字。字"]
    ),
)


@settings(max_examples=examples(150), deadline=None)
@given(
    headline=st.text(min_size=1, max_size=40).filter(str.strip),
    paragraphs=st.lists(PIECES, max_size=8),
    name=st.sampled_from(SUMMARIZER_NAMES),
    language=st.sampled_from([None, "en", "de", "zh", "el", "ar"]),
    count=st.integers(1, 4),
    limit=st.integers(1, 120),
)
def test_any_document_gives_a_faithful_summary(
    headline: str, paragraphs: list[str], name: str, language: str | None, count: int, limit: int
) -> None:
    document = parsed(headline, *paragraphs, language=language)
    summary = summarize(document, summarizer=name, sentence_count=count, word_limit=limit)
    check(document, summary)
    assert len(summary.sentences) <= count
    whole = {sentence.span for sentence in clean_sentences(document)}
    assert len(summary.sentences) == 1 or all(sentence.span in whole for sentence in summary.sentences)


def test_a_document_that_opens_in_mid_air_is_told_from_elsewhere() -> None:
    document = parsed(
        "Bank",
        "He said the bank would stay open all night.",
        "The central bank raised its rate by half a point on Thursday.",
        "Analysts at two lenders had expected a smaller step this month.",
    )
    assert told(document, sentence_count=1) == [
        "The central bank raised its rate by half a point on Thursday."
    ]


def test_what_is_cut_of_a_sentence_is_recorded() -> None:
    document = parsed(
        "Bridge opens",
        "The new bridge (pictured) over the Tarn opened to traffic on Monday.",
        "It cost nine million and took four years.",
    )
    first = summarize(document).sentences[0]
    assert first.text == "The new bridge over the Tarn opened to traffic on Monday."
    assert [cut.of(document.text).strip() for cut in first.cuts] == ["(pictured)"]
