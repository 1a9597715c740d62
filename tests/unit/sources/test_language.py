from __future__ import annotations

import subprocess
import sys

import pytest

from newsletter.sources.language import detect_language


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The mayor said on Monday that the bridge would open in spring."),
        ("de", "Der Bürgermeister sagte am Montag, die Brücke werde im Frühjahr geöffnet."),
        ("fr", "Le maire a déclaré lundi que le pont ouvrirait au printemps."),
        ("es", "El alcalde dijo el lunes que el puente se abrirá en primavera."),
        ("ca", "L'alcalde va dir dilluns que el pont s'obrirà a la primavera."),
        ("it", "Il sindaco ha detto lunedì che il ponte aprirà in primavera."),
        ("pt", "O prefeito disse na segunda-feira que a ponte não abrirá na primavera."),
        ("pl", "Burmistrz powiedział w poniedziałek, że most zostanie otwarty wiosną."),
        ("cs", "Starosta v pondělí řekl, že most bude otevřen na jaře."),
        ("sk", "Starosta v pondelok povedal, že most bude otvorený na jar."),
        ("sv", "Borgmästaren sade på måndagen att bron öppnar i vår."),
        ("uk", "Міський голова повідомив у понеділок, що міст відкриють навесні."),
        ("ru", "Мэр сообщил в понедельник, что мост откроется весной."),
        ("bg", "Кметът съобщи в понеделник, че мостът ще бъде открит през пролетта."),
        ("el", "Ο δήμαρχος είπε τη Δευτέρα ότι η γέφυρα θα ανοίξει την άνοιξη."),
        ("he", "ראש העיר אמר ביום שני שהגשר ייפתח באביב."),
        ("ar", "قال رئيس البلدية يوم الاثنين إن الجسر سيفتح في الربيع."),
        ("ja", "市長は月曜日、橋は春に開通すると述べた。住民は喜んでいる。"),
        ("zh", "市长星期一表示，大桥将于春季通车，居民们都很高兴。"),
        ("ko", "시장은 월요일에 다리가 봄에 개통될 것이라고 말했다."),
        ("th", "นายกเทศมนตรีกล่าวเมื่อวันจันทร์ว่าสะพานจะเปิดในฤดูใบไม้ผลิ"),
    ],
)
def test_a_sentence_is_enough(language: str, text: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize("text", ["", "Budget OK", "1234 5678 " * 20, "aaaa" * 20, "x " * 100])
def test_what_cannot_be_told_is_none(text: str) -> None:
    assert detect_language(text) is None


def test_parsing_loads_no_model_before_it_is_asked() -> None:
    code = (
        "import sys, newsletter.sources.parse; sys.exit('numpy' in sys.modules or 'py3langid' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
