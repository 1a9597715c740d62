"""Words that tell what a number in the news counts, English first."""

from newsletter.stories.text.abbreviations import word_set
from newsletter.stories.text.tables import by_word

#: Words that say what became of those who are counted; forms of one matter have one name.
FATES = by_word(
    {
        "dead": """
            toll killed kill kills killing dead died dies die dying deaths death fatalities perished slain
            murdered lives bodies
        """,
        "injured": "injured injures injuring injure injuries wounded wounding wounds hurt",
        "missing": "missing unaccounted",
        "arrested": "arrested arrest arrests arresting detained detain detains detaining detentions",
        "rescued": "rescued rescue rescues rescuing saved",
        "evacuated": "evacuated evacuate evacuates evacuating",
        "displaced": "homeless displaced displacing",
        "in hospital": "hospitalised hospitalized",
        "held": "hostage hostages kidnapped kidnapping abducted abducting",
        "aboard": "aboard board carrying carried",
        "destroyed": "destroyed destroying destroys razed flattened",
        "damaged": "damaged damaging damages",
        "burned": "burned burnt burning scorched charred blackened",
        "without power": "power electricity outage outages blackout",
        "crowd": """
            marched marching attended attending gathered gathering demonstrated protested protesting rallied
        """,
        "infected": "infected infecting infections",
        "cancelled": "cancelled canceled cancelling canceling grounded scrapped",
        "vaccinated": "vaccinated immunised immunized",
        "cut": """
            cut cuts cutting axe axed axes shed shedding slash slashed slashing eliminate eliminated lay
            laid lose lost losing go redundant redundancies layoffs
        """,
        "created": "create created creates creating",
        "sentenced": "sentenced sentence jailed prison imprisoned jail",
        "voted": "voted votes vote voting",
    }
)
#: The same in other languages than English, apart: a German article is no death.
FATES_ABROAD = by_word(
    {
        "dead": """
            getötet tote toten tot gestorben starben tués tuées tué morts mort mortes décès muertos muertas
            muerto murieron fallecidos fallecieron morti uccisi погибли погиб погибших погибло загинули
            загинуло загиблих mortos zabitych zginęło
        """,
        "injured": """
            verletzt verletzte verletzten blessés blessées blessé heridos heridas herido feriti feridos
            ранены ранено пострадали пострадавших поранені поранено поранення ranny rannych
        """,
        "missing": "vermisst vermisste disparus desaparecidos dispersi пропали зникли",
        "arrested": """
            festgenommen festnahmen arrêtées arrêtés interpellées interpellés detenidos detenidas detuvo
            задержали задержаны задержано затримали затримано
        """,
        "rescued": "gerettet secourus rescatados спасли",
        "evacuated": """
            evakuiert évacuées évacués evacuados evacuadas эвакуированы эвакуировали евакуювали
        """,
        "destroyed": "zerstört détruites détruits destruidas destruidos",
        "damaged": "beschädigt endommagés dañadas dañados",
        "crowd": "demonstrierten manifesté manifestaron",
        "cut": "streicht streichen gestrichen supprimer supprime suprimirá",
    }
)
#: What amounts of money are about.
AMOUNTS = by_word(
    {
        "fine": "fine fined fines penalty",
        "price": """
            buy buys bought acquire acquires acquired acquiring acquisition purchase purchased paid pays pay
            sold sell sells sale price worth deal takeover
        """,
        "damage": "damage damages",
        "cost": "cost costs costing",
        "aid": "pledged pledge pledges aid donated donate donation donations grant granted",
        "profit": "profit profits earnings",
        "revenue": "revenue revenues sales turnover",
        "loss": "loss losses",
        "ransom": "ransom",
        "stolen": "stole stolen robbed theft heist loot",
        "bail": "bail",
        "budget": "budget",
        "debt": "debt debts",
        "raised": "raised raise raises raising",
    }
)
#: What percentages are of.
RATES = by_word(
    {
        "unemployment": """
            unemployment joblessness jobless arbeitslosigkeit arbeitslosenquote chômage desempleo
        """,
        "inflation": "inflation",
        "turnout": "turnout wahlbeteiligung participation participación",
        "interest rate": "rate rates zins leitzins",
        "growth": "growth economy gdp output",
        "profit": "profit profits",
        "revenue": "revenue revenues sales",
        "shares": "shares share stock stocks",
        "exports": "exports",
        "imports": "imports",
        "prices": "prices price",
        "vote": "vote votes ballots stimmen voix votos",
        "stake": "stake",
    }
)
#: Words before a percentage that make it a change and no level.
CHANGES = word_set("by a an the rose fell grew up down gained lost rise fall climbed dropped slipped jumped")
#: Measures that need no noun behind the number.
MEASURES = by_word({"magnitude": "magnitude magnitud stärke magnitudine"})
#: Nouns that stand for anybody: two counts of these are of the same persons.
ANYBODY = word_set(
    """
    people persons person victims others individuals lives bodies deaths injuries fatalities souls arrests
    dead wounded casualties infections menschen personen opfer tote verletzte personnes morts blessés
    personas muertos heridos persone человек человека людей люди людини людина осіб особи
    """
)
#: Nouns that papers put for one another.
SAME_NOUN = by_word(
    {
        "jobs": """
            jobs job workers employees staff positions posts arbeitsplätze stellen mitarbeiter emplois
            postes empleos
        """,
        "lawmakers": """
            lawmakers deputies mps members legislators parliamentarians votes abgeordnete députés diputados
        """,
        "homes": "homes houses home households",
        "crowd": "demonstrators protesters marchers",
        "passengers": "passengers passenger",
        "children": "children kids",
        "flights": "flights flight",
    }
)
#: Nouns of time, which count only where they are a sentence in prison.
DURATIONS = word_set(
    """
    second seconds minute minutes hour hours day days week weeks month months year years decade decades
    night nights stunden tage tagen wochen monate jahre jahren minuten heures jours semaines mois ans horas
    días semanas meses años часов часа дней дня лет года месяцев минут недель годин днів років
    """
)
#: Nouns of which an article counts many different ones: distances, and what players do.
IDLE = word_set(
    """
    km kilometre kilometres kilometer kilometers mile miles points point goals rebounds assists yards runs
    games matches sets wickets tries caps
    """
)
#: Words that tell only as the noun behind the number or before it: "three people held over a death".
NOMINAL = word_set(
    """
    toll death deaths fatalities killing killings bodies injuries arrest arrests detentions rescue kill die
    votes vote casualties infections
    """
)
#: Words of a clause that make its number less than a fact.
UNSURE = word_set(
    """
    feared presumed could may might would should expected estimate estimates forecast forecasts predicted
    potentially likely not never n't denied deny denies wrongly initially threatened threatens if unless
    nicht könnten könnte pourrait pourraient podrían podría не
    """
)
#: Words of other events, other times, or numbers that do not stand for the whole.
ELSEWHERE = word_set(
    """
    ago previous previously earlier similar since annual annually average record history decade decades
    separate separately elsewhere worst deadliest compared aftershock aftershocks usually normally typically
    letztes vergangenen seit depuis dernier desde pasado
    """
)
#: Nouns behind "last" that put a number into another time.
LAST = word_set("weekend year month week decade century time season quarter")
#: Words before a number that make it a part of another.
PART = word_set("including include includes among darunter dont incluidos incluyendo entre")
#: Words beside a number that make it come on top of another.
MORE = word_set(
    """
    more further additional extra another other weitere autres más еще ещё ще
    """
)
#: Marks and words beyond which nothing tells any more what a number counts.
STOPS = word_set(
    """
    , ; : ( ) [ ] " “ ” „ « » — – and but while as after when before because und aber et mais y pero e i и а
    но та і
    """
)
#: Words that may stand between a verb and the number that it tells of.
LITTLE = word_set(
    """
    a an the off to of at for on in is was are were be been being has have had that total some up stands
    stood reached rises rose risen climbed climbs jumped hit hits with number der die das auf von des de la
    le les los las
    """
)
#: Words that end a noun phrase.
FUNCTION = word_set(
    """
    a an the off north south east west northeast northwest southeast southwest who which that were was are
    is be been have has had will would could must may in on at of from to by with for aboard near into onto
    through over under during against without inside out outside across also still now so than or it they he
    she when where if not too there here this these those sind wurden wurde werden bei im am ont été sont dans
    fueron han en
    """
)
#: Past tenses that show their ending to nobody: they end a noun phrase too.
IRREGULAR = word_set(
    """
    became began bit blew broke brought built bought burst came caught chose clung cut dealt did drank drew
    drove fell fed felt fled flew fought found froze gave got grew heard held hid hit kept knew laid lay led
    left lost made meant met paid put quit ran read rode rose said sang sank sat saw sent set shook shot
    shut slept sold sought spent split spoke stole stood struck swam swept swore took taught told tore
    thought threw went woke won wore wrote work live say die get go make take
    """
)
#: Words of a sentence that make its magnitude that of one earthquake among several.
NEW_SHOCK = word_set("second third fourth another latest new fresh tremor tremors foreshock later strongest")
#: Words that tell one of a kind from the next.
ORDINALS = word_set("first second third fourth fifth sixth seventh eighth ninth tenth final")
#: Words that make what stands with them somebody's saying.
SPEAKING = word_set(
    """
    said says say told according reported reports added announced confirmed wrote stated sagte sagten teilte
    zufolge laut dit déclaré selon dijo según informó сообщил сообщили сообщила заявил повідомили повідомив
    """
)
#: Months, as names; May is a verb as well.
MONTHS = word_set("january february march april june july august september october november december")
#: Days of the week.
WEEKDAYS = word_set("monday tuesday wednesday thursday friday saturday sunday")
#: Matters that go on growing while reporters write.
GROWING = word_set(
    """
    dead injured missing arrested rescued evacuated displaced destroyed damaged burned infected cancelled
    vaccinated crowd held
    """
) | {"in hospital", "without power"}
#: Ways in which active verbs tell what the counted do, not what befalls them.
ACTIVE = word_set("killed injured wounded arrested detained rescued saved destroyed damaged hurt")
