from __future__ import annotations

import pytest

from newsletter.errors import SettingsError
from newsletter.sources.outlets import SourceAliases

ALIASES = SourceAliases.with_extra({"Senn FM": "Radio Senn", "the Bugle": "The Bugle"})


@pytest.mark.parametrize(
    ("paragraph", "origin"),
    [
        ("According to RFE/RL, the talks have failed.", "RFE/RL"),
        ("The talks failed, according to Radio Free Europe/Radio Liberty.", "RFE/RL"),
        ("Reuters reported on Monday that the talks had failed.", "Reuters"),
        ("The talks have failed, the BBC reported.", "BBC"),
        ("The talks have failed, BBC News has reported.", "BBC"),
        ("“We failed,” she told the Associated Press on Monday.", "AP"),
        ("The talks failed, the state news agency TASS reported.", "TASS"),
        ("The talks failed, according to a report in the New York Times.", "The New York Times"),
        ("In an interview with Der Spiegel he denied it.", "Der Spiegel"),
        ("The Guardian reports that he denied it.", "The Guardian"),
        ("Officials, as first reported by AFP, denied it.", "AFP"),
        ("Die Gespräche sind laut Reuters gescheitert.", "Reuters"),
        ("Wie die dpa meldete, sind sie gescheitert.", "dpa"),
        ("Selon l’AFP, rien n’est décidé.", "AFP"),
        ("According to the Northline Wire, forty ships waited.", "Northline Wire"),
        ("The ships waited, the Port Aldis Gazette reported.", "Port Aldis Gazette"),
        ("According to Senn FM, forty ships waited.", "Radio Senn"),
        ("The minister told the Bugle that she would go.", "The Bugle"),
        ("The AP-1 road is closed, police reported.", None),
        ("They will ap reported nothing.", None),
        ("According to the guardian of the child, nothing happened.", None),
        ("According to police, nothing happened.", None),
        ("Letters are late, according to Canada Post.", None),
        ("Letters are late, according to New Zealand Post.", None),
        ("Letters are late, a manager at Sri Lanka Post told readers.", None),
        ("Deutsche Post reported a loss, the Guardian reported.", "The Guardian"),
        ("Letters are late, according to the Canada Post.", "Canada Post"),
        ("Letters are late, according to the Bangkok Post.", "Bangkok Post"),
        ("Letters are late, according to Kell Post.", "Kell Post"),
        ("According to White House Press Secretary Ana Roe, nothing happened.", None),
        ("Bloomberg said it would hire forty people.", None),
        ("The reports were wrong.", None),
        ("The BBC is to be closed.", None),
        ("", None),
    ],
)
def test_whose_report_a_paragraph_rests_on(paragraph: str, origin: str | None) -> None:
    assert ALIASES.find_origin(paragraph) == origin


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("reuters", "Reuters"),
        ("REUTERS", "Reuters"),
        ("The Associated Press", "AP"),
        ("AP", "AP"),
        ("ap", None),
        ("NYT", "The New York Times"),
        ("Nobody", None),
        ("senn fm", "Radio Senn"),
        ("Radio Senn", "Radio Senn"),
    ],
)
def test_a_name_is_looked_up(text: str, name: str | None) -> None:
    assert ALIASES.known(text) == name
    assert ALIASES.display(f" {text} ") == (name or text)


def test_an_operator_may_call_a_postal_service_an_outlet() -> None:
    own = SourceAliases.with_extra({"Canada Post": "Canada Post"})
    assert own.find_origin("Letters are late, according to Canada Post.") == "Canada Post"


def test_an_operator_may_replace_a_name() -> None:
    assert SourceAliases.with_extra({"RFE/RL": "Radio Liberty"}).known("RFE/RL") == "Radio Liberty"


@pytest.mark.parametrize("extra", [{"": "X"}, {"X": "  "}])
def test_blank_names_are_refused(extra: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="neither side may be blank"):
        SourceAliases.with_extra(extra)


def test_an_alias_is_no_regular_expression() -> None:
    odd = SourceAliases.with_extra({"C++ (News": "C++"})
    assert odd.known("c++ (news") == "C++"
