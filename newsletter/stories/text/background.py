"""Words that news on anything is full of: a small batch cannot show that they tell little."""

import json
from functools import cache
from math import log
from pathlib import Path

#: Share of news reports that are taken to hold a word of `EVERYDAY_WORDS`.
EVERYDAY_SHARE = 0.05
#: Share of news reports that hold a word which no table has.
RARE_SHARE = 0.0013


def _table(words: str) -> frozenset[str]:
    return frozenset(words.split())


#: Words of reporting, time and number, which tell no report from another. English first.
NEWS_WORDS = _table(
    """
    said says say saying told tell asked added according reported report reports reporters reporter news
    statement announced spokesman spokeswoman spokesperson official officials people man woman men women
    year years month months week weeks day days today yesterday tomorrow morning afternoon evening night
    time times first last new old one two three four five six seven eight nine ten hundred thousand
    million billion percent per cent monday tuesday wednesday thursday friday saturday sunday january
    february march april may june july august september october november december also would could may
    might will can just like made make get got going go went come came take took taken around including
    since still already later earlier early late next many much several government minister president
    police country state city local national international public part number group members member called
    expected left right back way long high help know known think thought use used set work world mr mrs
    ms dr photo image ap afp reuters updated published

    montag dienstag mittwoch donnerstag freitag samstag sonntag januar februar märz juni juli oktober
    dezember teilte teilten sagte sagten erklärte berichtete laut angaben mitteilte zufolge worden wurden
    wurde sei seien prozent millionen menschen polizei uhr jahre jahren heute gestern morgen woche

    lundi mardi mercredi jeudi vendredi samedi dimanche janvier février avril juin juillet août
    septembre octobre novembre décembre selon déclaré annoncé indiqué dit a-t-il a-t-elle ans personnes
    pour dans une les des aux cette millions euros police gouvernement président ministre

    lunes martes miércoles jueves viernes sábado domingo enero febrero marzo abril mayo junio julio agosto
    septiembre octubre noviembre diciembre según dijo informó anunció años personas policía millones
    gobierno presidente ministro

    lunedì martedì mercoledì giovedì venerdì sabato domenica secondo detto anni persone polizia milioni
    segunda-feira terça-feira quarta-feira quinta-feira sexta-feira disse anos pessoas polícia milhões

    понедельник вторник среду четверг пятницу субботу воскресенье января февраля марта апреля мая июня июля
    августа сентября октября ноября декабря сообщил сообщила сообщили сообщает заявил заявила заявили сказал
    сказала словам данным года году лет человек полиция полиции процентов тысяч на по не из за от до при как
    что это для его ее её их был была были будет также об во со
    понеділок вівторок середу п'ятницю неділю повідомив повідомили заявив заявила року років людей поліція
    від про та що

    周一 周二 周三 周四 周五 周六 周日 星期 今天 今日 昨天 记者 报道 表示 新华 据新 华社
    """
)

#: Places, persons, offices and matters that are in the news every day: two reports that share one of these,
#: and no more, need not be on one event.
EVERYDAY_WORDS = _table(
    """
    u.s us u.s.a usa u.k uk u.n un eu e.u american americans america british britain european europe russian
    russia chinese china german germany french france ukraine ukrainian israel israeli iran iranian japan
    india turkey washington london moscow beijing brussels berlin paris kyiv white house kremlin pentagon
    nato trump donald biden joe putin vladimir xi jinping zelensky zelenskyy volodymyr netanyahu benjamin
    macron emmanuel merz congress senate parliament council court judge prosecutors prosecutor lawyer jail
    jailed prison sentenced charged charges arrested trial accused guilty convicted county town village
    mayor governor prime chief secretary foreign ministry department agency office authorities leader leaders
    party election vote voters campaign bank banks central company firm firms shares share stocks stock
    market markets ftse dow nasdaq dax nikkei end ended stood higher lower
    carmaker carmakers automaker airline lender retailer supermarket brewer manufacturer operator owner union
    workers employees factory plant
    index points oil barrel gas price prices dollar euro pounds rose fell rise fall closed
    close opened open trading investors economy profit sales quarter jobs rate cut cuts hospital hospitals
    injured hurt killed died dead death deaths victims driver car cars bus train road roads street bridge
    river fire firefighters crash accident rescue rescuers emergency storm rain weather school schools
    students children residents home homes building season league match game games won win beat scored goal
    goals team players coach club final cup home war attack attacks military army troops forces
    talks meeting meet order signed plan plans deal agreement law bill

    verletzt verletzte verletzter krankenhaus feuerwehr unfall feuer brand straße gericht stadt bürgermeister
    bundesregierung kanzler berlin regierung präsident minister kam gekommen tot tote getötet
    blessé blessés mort morts incendie accident tribunal maire ville hôpital paris rue
    herido heridos muerto muertos incendio accidente tribunal alcalde ciudad hospital
    feriti morti incidente tribunale sindaco città ospedale feridos mortos acidente cidade

    мчс пострадал пострадали погибли погиб никто пожар дтп суд президент министр россии москве города улице
    больницу больнице глава область области
    北京 中国 美国 上海 总统 政府 国家 公里 全长 举行 人民 工作 公司 市场 会议
    """
)

#: Words behind which a place stands, by language.
PLACE_WORDS = {
    language: frozenset(found.split())
    for language, found in {
        "en": "in at near off outside around across",
        "de": "in bei im nahe vor",
        "fr": "à en près dans au",
        "es": "en cerca",
        "it": "a in vicino nel nella",
        "pt": "em no na perto",
        "nl": "in bij te nabij",
        "ru": "в во у под близ",
        "uk": "в у під біля поблизу",
    }.items()
}

#: Days of the week, Monday first, under all their names.
_WEEK = (
    "monday montag lundi lunes lunedì понедельник понедельника понеділок понеділка",
    "tuesday dienstag mardi martes martedì вторник вторника вівторок вівторка",
    "wednesday mittwoch mercredi miércoles mercoledì среда среду среды середа середу середи",
    "thursday donnerstag jeudi jueves giovedì четверг четверга четвер четверга",
    "friday freitag vendredi viernes venerdì пятница пятницу пятницы п'ятниця п'ятницю п’ятницю п'ятниці",
    "saturday samstag sonnabend samedi sábado sabato суббота субботу субботы субота суботу суботи",
    "sunday sonntag dimanche domingo domenica воскресенье воскресенья неділя неділю неділі",
)
#: The day of the week, 0 for Monday, that a word names.
DAY_NUMBERS = {name: number for number, names in enumerate(_WEEK) for name in names.split()}


@cache
def commonness() -> dict[str, float]:
    """Return the share of news reports that hold a word, for words that many do, in lower case.

    Other words are in hardly any report. English is counted; of other languages only `EVERYDAY_WORDS` are
    known.
    """
    listed = json.loads(Path(__file__).with_name("common_words.json").read_text("utf-8"))
    shares = dict.fromkeys(EVERYDAY_WORDS, EVERYDAY_SHARE)
    for share, found in listed["shares"].items():
        for word in found.split():
            shares[word] = max(float(share), shares.get(word, 0.0))
    return shares


def rarity(word: str) -> float:
    """Return how seldom news holds a word, given in lower case: 1 for one that hardly any report holds.

    What one report in twenty holds has 0.35; below 0 a word is in more than a third of them.
    """
    return (-log(commonness().get(word, RARE_SHARE)) - 1) / (-log(RARE_SHARE) - 1)


WEEKDAYS = _table(
    """
    monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch donnerstag freitag
    samstag sonntag lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes miércoles jueves viernes
    sábado domingo понедельник вторник среду четверг пятницу субботу воскресенье
    """
)
