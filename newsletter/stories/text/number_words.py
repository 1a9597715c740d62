"""Words that are numbers, bound them, or show that they count nothing."""

import math
from types import MappingProxyType

from newsletter.stories.text.abbreviations import word_set
from newsletter.stories.text.tables import by_word

#: Words that scale what stands before them, with letters that stand right behind digits ("2.5bn").
SCALES = MappingProxyType(
    {"hundred": 100}
    | dict.fromkeys(
        ["thousand", "k", "tausend", "mille", "mil", "тысяч", "тысячи", "тыс", "тисяч", "тисячі"], 10**3
    )
    | dict.fromkeys(["million", "m", "mn", "millionen", "mio", "millions", "millones", "млн"], 10**6)
    | dict.fromkeys(["billion", "bn", "milliarden", "mrd", "milliards", "млрд"], 10**9)
    | dict.fromkeys(["trillion", "tn"], 10**12)
)
UNITS = MappingProxyType(
    {
        word: value
        for value, word in enumerate(
            [
                "zero",
                "one",
                "two",
                "three",
                "four",
                "five",
                "six",
                "seven",
                "eight",
                "nine",
                "ten",
                "eleven",
                "twelve",
                "thirteen",
                "fourteen",
                "fifteen",
                "sixteen",
                "seventeen",
                "eighteen",
                "nineteen",
            ]
        )
    }
)
TENS = MappingProxyType(
    {
        word: 10 * tens
        for tens, word in enumerate(
            ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
        )
    }
)
#: Signs and names of currencies; only amounts in one currency are compared.
CURRENCIES = by_word(
    {
        "USD": "$ dollar dollars dólares долларов",
        "EUR": "€ euro euros евро євро",
        "GBP": "£ pound pounds",
        "JPY": "¥ yen",
        "INR": "₹ rupees",
        "RUB": "₽ roubles rubles рублей",
        "UAH": "₴ hryvnias гривень",
        "CNY": "yuan",
        "CHF": "francs franken",
        "crowns": "crowns kronen",
        "pesos": "pesos",
    }
)
PERCENT = word_set("% percent pc pct prozent процентов процента відсотків")

_AT_LEAST = """
    at least|more than|over|above|no fewer than|no less than|not less than|upwards of|in excess of
    a minimum of|well over|mindestens|mehr als|über|au moins|plus de|al menos|más de|almeno|più di
    не менее|более|по меньшей мере|щонайменше|понад|більше
"""
_AT_MOST = """
    up to|as many as|as much as|at most|fewer than|less than|under|below|no more than|a maximum of|bis zu
    höchstens|weniger als|jusqu'à|moins de|hasta|menos de|до|менее|менше
"""
_ABOUT = """
    about|around|some|roughly|approximately|an estimated|estimated|close to|circa|ca|rund|etwa|ungefähr
    environ|près de|unos|unas|cerca de|около|приблизительно|примерно|близько
"""
_NEARLY = "nearly|almost|just under|fast|knapp|presque|casi|quasi|почти|майже"
_JUST_OVER = "just over|just above|slightly more than"


def _phrases(text: str) -> list[tuple[str, ...]]:
    return [tuple(phrase.split()) for line in text.strip().splitlines() for phrase in line.split("|")]


#: Words before a number, and between which multiples of it the truth then lies; the longest first.
BOUNDS: tuple[tuple[tuple[str, ...], float, float], ...] = tuple(
    sorted(
        (
            (phrase, low, high)
            for text, low, high in (
                (_AT_LEAST, 1.0, math.inf),
                (_AT_MOST, 0.0, 1.0),
                (_ABOUT, 0.95, 1.05),
                (_NEARLY, 0.9, 1.0),
                (_JUST_OVER, 1.0, 1.1),
                ("between", 1.0, 1.0),
            )
            for phrase in _phrases(text)
        ),
        key=lambda bound: -len(bound[0]),
    )
)

#: Words before a number that make it a name or an age.
NAMING = word_set(
    """
    no nr number numbers page pages chapter article section paragraph route flight room highway line
    platform gate channel type class grade age aged boeing airbus part phase round week day top courtroom
    volume level category unit district ward zone covid group agenda item model season episode version
    apartment house battalion brigade regiment squadron division interstate motorway exit point
    """
)
#: Words behind a number that make it a date, a time, a fraction or a factor.
DATING = word_set(
    """
    am pm gmt utc bst cet est uhr o'clock january february march april may june july august september
    october november december jan feb mar apr jun jul aug sept sep oct nov dec januar februar märz mai juni
    juli oktober dezember janvier février mars avril juin juillet août septembre octobre novembre décembre
    enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre января февраля
    марта апреля мая июня июля августа сентября октября ноября декабря січня лютого березня квітня травня
    червня липня серпня вересня жовтня листопада грудня thirds quarters fifths tenths times degrees
    percentage
    """
)
#: Names of months that stand before a day.
MONTHS_BEFORE = word_set(
    """
    january february march april may june july august september october november december jan feb mar apr
    jun jul aug sept sep oct nov dec
    """
)
#: Languages that write 1,200 for twelve hundred; others write 1.200 or 1 200.
COMMA_GROUPS = word_set("en zh ja ko he hi th ar")
