"""Each defect that the benchmark of summaries counts, on a document that has it and on a look-alike."""

from __future__ import annotations

import pytest

from benchmarks.defects import find_defects

OPENING = "Warden Ida Noor closed the northern trail on Friday after a rockfall."


@pytest.mark.parametrize(
    ("sentence", "defect"),
    [
        ("It was the third since May, the park said.", "pronoun"),
        ("“They’re lucky to be alive,” the doctor said.", "pronoun"),
        ("“We heard a roar and ran,” she told the radio.", "pronoun"),
        ("However, the southern trail stays open to all.", "connective"),
        ("Noor expects to open the trail again by June.", "bare surname"),
        ("“Nobody was on the path, the warden said.", "half quotation"),
        ("Boulders on the trail on Friday (pictured).", "page or caption"),
        ("Click here for maps of all trails.", "page or caption"),
        ("Nobody was hurt.", "fragment"),
        ("Stone " * 46 + "fell.", "over 45 words"),
        ("A northern trail closed on Friday after the rockfall.", "said twice"),
        ("The ten most beautiful trails of the park", "no end mark"),
        ("Will the park pay for the rescue of the dogs?", "question"),
    ],
)
def test_a_defect_is_found(sentence: str, defect: str) -> None:
    told = [OPENING, "Rain had loosened the slope.", sentence]
    chosen = [0, 2] if defect == "said twice" else [2]
    assert defect in find_defects(told, chosen)


@pytest.mark.parametrize(
    "sentence",
    [
        "Italy and Austria sent geologists to look at the slope.",
        "The warden, who had pictured himself at rest, asked for “two more rangers” at once.",
        "Its first page lists 5'2\" boulders and the warden's two rangers, the report of Friday says.",
    ],
)
def test_what_reads_well_has_none(sentence: str) -> None:
    told = [sentence, OPENING]
    assert find_defects(told, [0, 1]) == set()


def test_what_stands_before_excuses() -> None:
    told = [OPENING, "She expects to open it again by June.", "Noor has written to all hikers."]
    assert find_defects(told, [0, 1, 2]) == set()
    assert find_defects(told, [1, 2]) == {"pronoun", "bare surname"}
