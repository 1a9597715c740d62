"""The splitter against gold sentences of our own, and against any text at all."""

from __future__ import annotations

import importlib.util
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model.documents import ParsedDocument, Span
from newsletter.stories.sentences import (
    QUOTATION_WORD_LIMIT,
    count_words,
    document_sentences,
    split_sentences,
    words,
)
from newsletter.stories.text.quotations import find_quotations

#: Each case is the list of its sentences; the text is made by joining them with spaces.
GOLD = [
    ["The bridge reopened on Monday.", "Drivers were relieved."],
    ["Dr. Amara Oyelaran led the survey.", "It took two years."],
    ["The award went to Mr. and Mrs. Lindqvist.", "They were not present."],
    ["Prof. J. K. Mbeki spoke first.", "Nobody objected."],
    ["He met Lt. Col. Ana Ruiz at the base.", "The talks were short."],
    ["The U.S. Senate voted on Friday.", "The bill passed."],
    ["She had never lived in the U.S.", "The family moved in May."],
    ["U.S. President Lena Ortiz arrived at noon.", "Crowds had waited for hours."],
    ["The U.K. and the E.U. signed the text.", "A vote follows."],
    ["J.P. Harlow Bank cut its forecast.", "Shares fell."],
    ["Shares of Tallis Corp. rose 4.5 percent.", "The index lost 0.3 percent."],
    ["Tallis Inc. and Orbel Ltd. will merge.", "Regulators must agree."],
    ["He sold the firm to Orbel Inc.", "The price was not published."],
    ["The meeting starts at 9 a.m. Monday in the town hall.", "Entry is free."],
    ["The fire began at 3 p.m. ET near the port.", "It was out by dusk."],
    ["Gates open at 6 p.m.", "Residents may bring chairs."],
    ["The doors closed at 11 p.m. GMT on Sunday.", "Nobody was hurt."],
    ["No. 5 on the list is a school.", "No. 6 is a farm."],
    ["Was it him?", "He said no.", "Then he left."],
    ["The rate rose from 2.5 to 2.75 percent.", "Analysts had expected 3.0."],
    ["It cost $5.", "The receipt was lost."],
    ["On Jan. 5 the dam broke.", "Villages were cleared by Feb. 2."],
    ["The session runs until Sept. 30, 2031.", "It may be longer."],
    ["George W. Tanner wrote the report.", "It has 40 pages."],
    ["The vitamin in question is vitamin C.", "The dose was small."],
    ["They chose Plan B.", "It failed too."],
    ["Wait... what did she mean?", "Nobody knew."],
    ["The mayor paused…", "Then she resigned."],
    ["He left ... without a word.", "The room was silent."],
    ["“We will rebuild,” the mayor said.", "“It will take years.”"],
    ['"We will rebuild," the mayor said.', '"It will take years."'],
    ["“Will it hold?” asked the engineer.", "The others shrugged."],
    ['"Will it hold?" he asked.', "Nobody answered."],
    ["“Will it hold?” Ortega asked.", "Nobody answered."],
    ["“Stop!” Mr. Brandt shouted.", "The lorry rolled on."],
    ["“The water came at night. We ran. We lost it all,” said Mira Kovac.", "She is 71."],
    ['"The water came at night. We ran," said Mira Kovac.', "She is 71."],
    ["Kovac said: “The water came at night. We ran.”", "She is 71."],
    ["‘The water came at night. We ran,’ said Mira Kovac.", "She is 71."],
    ["'The water came at night. We ran,' said Mira Kovac.", "She is 71."],
    ["The workers’ union agreed.", "The owners’ side did not."],
    ["He called it “a mess.”", "She disagreed."],
    ['He called it "a mess."', "She disagreed."],
    ["The plan (see Fig. 3) is old.", "It dates from 1998."],
    ["(The mayor declined to comment.)", "Her deputy spoke instead."],
    ["The ferry (it was built in 1961. Nobody knows where) sank.", "All were saved."],
    ["Is it over?", "Not yet!", "Perhaps never."],
    ["What?!", "Nobody had told them."],
    ["The toll rose to 14.", "14 more are missing."],
    ["Prices, rents, wages, etc. rose.", "Savings did not."],
    ["The case, Alder vs. Birch, was closed.", "An appeal is likely."],
    ["Fruit, e.g. apples, was scarce.", "Bread was not."],
    ["Visit example.org for maps.", "Version 2.4.1 is out."],
    ["Martin Luther King Jr. spoke there.", "Thousands came."],
    ["Lee holds a Ph.D. in physics.", "He teaches in Lyon."],
    ["The town of St. Ives is cut off.", "Roads are flooded."],
    ["The firm makes iPhones.", "iPhone sales fell."],
    ["He moved to Washington, D.C.", "The job began in June."],
    ["The 6'2\" guard scored twice.", "The crowd rose."],
    ["She works for Yahoo! News in Rome.", "He works for a bank."],
    ["The panel (with Sen. Cole (R-Ohio), its chair. Or so he says) met.", "It was brief."],
    ['"Is that so?" Mrs. Hill, 54, of St. Louis, asked.', "It was."],
    ["The magazine named Tallis Inc. No. 1 in its list.", "Orbel was second."],
    ["He was ill.", "Smith stayed.", "He carried on.", "It was the Ill. No. 2 team."],
    ["Rep. Dana Cole and Sen. Ruth Abara agreed.", "Gov. Hill did not."],
    ["Am 3. Mai begann der Streik.", "Er dauerte zwei Tage."],
    ["Das Treffen, z.B. mit Dr. Huber, war kurz.", "Danach fuhr er ab."],
    ["„Wir bleiben hier“, sagte Anna Weiß.", "„Wir gehen nicht.“"],
    ["„Wir bleiben. Wir gehen nicht“, sagte Anna Weiß.", "Sie ist 40."],
    ["»Wir bleiben. Wir gehen nicht«, sagte sie.", "Dann war es still."],
    ["M. Lefèvre a démissionné.", "« Je pars », a-t-il dit."],
    ["« Je pars. C’est fini », a dit Mme Roy.", "Elle a souri."],
    ["« Pourquoi ? » demande-t-elle.", "Personne ne répond."],
    ["¿Por qué ahora?", "¡Nadie lo sabe!", "El alcalde calla."],
    ["El Sr. Gómez llegó a EE. UU. en mayo.", "La Sra. Ruiz no."],
    ["В 2020 г. завод закрыли.", "Рабочие ушли."],
    ["А. Петрова выступила первой.", "Зал молчал."],
    ["ماذا حدث؟", "لا أحد يعرف."],
    ["یہ ایک جملہ ہے۔", "یہ دوسرا ہے۔"],
    ["पुल खुल गया।", "लोग खुश थे।"],
    ["Τι έγινε;", "Κανείς δεν ξέρει."],
    ["Министр В. В. Орлов ушёл в отставку.", "Его место занял А. И. Белый."],
    ["О планах рассказал аким Е. А. Сеитов.", "Работы начнут весной."],
    ["The climb was led by T. O. Marsh.", "It took nine days."],
    ["B. Iverson, a nurse, saw it first.", "A. A. Iverson is her aunt."],
    ["Judge R. An ruled on Friday.", "The town will appeal."],
    ["Głos zabrał W. W. Lipski.", "Obrady zaczną się o godz. 9.30 w piątek."],
    ["L'on. Ferri ha votato contro.", "Con l’on. Neri ha lasciato l'aula."],
    ["The gauge showed 40 mm.", "The river rose by 30 cm.", "Boats drifted for 2 km.", "Then it froze."],
    ["MM. Roux et Petit sont partis.", "Nul ne les remplace."],
    ["Trading was halted in Tallis Inc.", "Investors had sold all day."],
    ["Tallis Inc. Chairman Ole Berg left.", "It was World War I.", "The harbour was Plan B.", "We waited."],
    ["the page was all small letters.", "it went on like this."],
    ["THE DAM BROKE.", "THE TOWN WAS CLEARED."],
]

FRENCH = [
    ["Elle a pour adjoint M. J. Le Braz.", "M. Le Braz a 40 ans.", "Avec M. La Tour, il dirige la ville."],
    ["M. Le Braz a démissionné.", "Il reste maire."],
]

UNSPACED = [
    ["桥梁周一重新开放。", "司机们松了一口气。"],
    ["“我们会重建。”市长说。", "工程需要两年。"],
    ["「行きます。」と彼は言った。", "誰も答えなかった。"],
    ["本当ですか？", "はい！", "そうです。"],
]


@pytest.mark.parametrize("gold", GOLD, ids=lambda gold: gold[0][:40])
def test_gold_sentences(gold: list[str]) -> None:
    text = " ".join(gold)
    language = "de" if "Mai " in text else None
    assert [span.of(text) for span in split_sentences(text, language=language)] == gold


@pytest.mark.parametrize("gold", FRENCH)
def test_french_gentlemen(gold: list[str]) -> None:
    text = " ".join(gold)
    assert [span.of(text) for span in split_sentences(text, language="fr")] == gold


@pytest.mark.parametrize("gold", UNSPACED, ids=lambda gold: gold[0][:20])
def test_scripts_without_spaces(gold: list[str]) -> None:
    text = "".join(gold)
    assert [span.of(text) for span in split_sentences(text)] == gold


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    path = Path(__file__).parents[3] / "benchmarks" / "sentences.py"
    spec = importlib.util.spec_from_file_location("benchmarked_sentences", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_boundaries_of_the_hard_set(benchmark: ModuleType) -> None:
    cases = benchmark.read_cases(Path(__file__).with_name("hard_sentences.txt"))
    assert len(cases) >= 260
    assert sum(language is not None for _, language, _, _ in cases) >= 0.15 * len(cases)
    blind = [case for case in cases if case[0] == "blind"]
    worked = [case for case in cases if case[0] == "worked"]
    for part in (blind, worked, cases):
        precision, recall, f1 = benchmark.boundary_f1(part)
        assert min(precision, recall, f1) >= 0.97


def test_run_on_sentences_are_parted() -> None:
    text = "The council approved the budget.Opponents left the hall. Visit Example.Com for more."
    assert [span.of(text) for span in split_sentences(text)] == [
        "The council approved the budget.",
        "Opponents left the hall.",
        "Visit Example.Com for more.",
    ]


@pytest.mark.parametrize("gap", ["\n\n", "\r\n\r\n", "\n \t\n", "\r\r", "\u2029"])
def test_a_blank_line_always_ends_a_sentence(gap: str) -> None:
    text = f"A heading without a stop{gap}\u201cThe first. The second"
    assert next(span.of(text) for span in split_sentences(text)) == "A heading without a stop"


def test_a_single_line_end_does_not_end_a_sentence() -> None:
    text = "The bridge was\r\nclosed at noon."
    assert [span.of(text) for span in split_sentences(text)] == [text]


def test_a_long_quotation_is_split_rather_than_endless() -> None:
    saying = " ".join(["We waited for the water to go down again."] * 12)
    text = f'"{saying}" said Kovac. Nobody came.'
    pieces = [span.of(text) for span in split_sentences(text)]
    assert len(pieces) > 10
    assert max(map(count_words, pieces)) <= QUOTATION_WORD_LIMIT
    assert pieces[-1] == "Nobody came."


def test_half_quotations_are_told_apart() -> None:
    assert [q.closed for q in find_quotations("“One. Two.” He “left")] == [True, False]
    assert [q.closed for q in find_quotations('left." He')] == [False]
    assert [q.closed for q in find_quotations("」「行く」と")] == [False, True]
    assert find_quotations("It is 6'2\" tall, the workers' union said.") == []
    whole = find_quotations('He said: "One. Two."')[0]
    assert not whole.cut_by(0, 20)
    assert whole.cut_by(0, 14)
    assert not whole.cut_by(0, 5)


def test_document_sentences_are_spans_of_the_whole_text() -> None:
    text = "Bridge opens\n\nBy Someone\n\nThe bridge opened. Cars crossed.\n\nIt rained"
    paragraphs = tuple(
        Span(start=text.index(part), end=text.index(part) + len(part))
        for part in ("The bridge opened. Cars crossed.", "It rained")
    )
    document = ParsedDocument(
        headline="Bridge opens", text=text, paragraphs=paragraphs, content_hash="0", language="en"
    )
    assert [span.of(text) for span in document_sentences(document)] == [
        "The bridge opened.",
        "Cars crossed.",
        "It rained",
    ]


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("1. The bank meets. 2. Trains stop at noon.", "en", ["The bank meets.", "Trains stop at noon."]),
        ("- Rain is coming.\n- No. 4 is shut.", "en", ["Rain is coming.", "No. 4 is shut."]),
        ("•\u00a0Schools close.\n12) Shops open.", None, ["Schools close.", "Shops open."]),
        ("1. Mai ist Feiertag.", "de", ["1. Mai ist Feiertag."]),
        ("-5 degrees were measured. 14 died.", "en", ["-5 degrees were measured.", "14 died."]),
    ],
)
def test_marks_of_lists_are_left_out(text: str, language: str | None, expected: list[str]) -> None:
    document = ParsedDocument(
        headline="Today", text=text, paragraphs=(Span(start=0, end=len(text)),), content_hash="0",
        language=language,
    )  # fmt: skip
    assert [span.of(text) for span in document_sentences(document)] == expected


@given(text=st.text(alphabet=st.sampled_from(list("-*•1.) \n\t\u2029aB")), max_size=40))
def test_sentences_of_lists_are_never_empty(text: str) -> None:
    document = ParsedDocument(
        headline="Today", text=text, paragraphs=(Span(start=0, end=len(text)),), content_hash="0"
    )
    assert all(span.of(text).strip() == span.of(text) != "" for span in document_sentences(document))


def test_words_of_many_scripts() -> None:
    assert words("Don't pay $1,000.50 to J.P. O’Neil-Smith!") == [
        "Don't",
        "pay",
        "1,000.50",
        "to",
        "J.P",
        "O’Neil-Smith",
    ]
    assert words("桥梁重开 GmbH") == ["桥梁", "梁重", "重开", "GmbH"]
    assert words("नमस्ते दुनिया।") == ["नमस्ते", "दुनिया"]
    assert words(" … — !") == []


@given(st.text(st.characters(max_codepoint=0x2FF) | st.sampled_from("’‘“”–…€")))
def test_latin_words_are_the_same_beside_another_script(text: str) -> None:
    assert words(text + " 字") == [*words(text), "字"]


def test_words_are_counted_as_they_are_read() -> None:
    assert count_words("Three short words") == 3
    assert count_words("桥梁周一重新开放") == 4
    assert count_words("") == 0


NASTY = st.text(
    alphabet=st.one_of(
        st.characters(), st.sampled_from(list(".!?…。؟।;\"'“”‘’«»„()[] \n\r\t\u2029\u00a0aAbBzZ195"))
    ),
    max_size=300,
)


@given(text=NASTY, language=st.sampled_from([None, "en", "de", "fr", "zh"]))
def test_spans_cover_all_but_white_space(text: str, language: str | None) -> None:
    spans = split_sentences(text, language=language)
    at = 0
    for span in spans:
        assert text[at : span.start].strip() == ""
        assert at <= span.start < span.end
        assert span.of(text) == span.of(text).strip() != ""
        at = span.end
    assert text[at:].strip() == ""


@given(text=NASTY)
def test_quotations_lie_in_the_text(text: str) -> None:
    for quotation in find_quotations(text):
        assert 0 <= quotation.start < quotation.end <= len(text)


@given(text=NASTY)
def test_words_come_from_the_text(text: str) -> None:
    for word in words(text):
        assert word in text
        assert not any(letter.isspace() for letter in word)


@pytest.mark.parametrize(
    "piece",
    ["A. ", '"', "(", "“A. ", "a ", "?!", "‘A", "( A. ", "x. X ", "。", "\n", "»", "1. ", "'A", ". ", "Mr. "],
)
def test_endless_repetition_ends(piece: str) -> None:
    text = piece * 20_000
    spans = split_sentences(text)
    assert all(one.end <= other.start for one, other in pairwise(spans))
