"""Words of news that say the same: paraphrases share these, and little else, with what they repeat."""

from types import MappingProxyType


def _set(table: str) -> frozenset[str]:
    return frozenset(table.split())


#: One line for each meaning; a word belongs to the first that names it.
_EQUALS = """
    died die dies dead death deaths killed kill kills killing fatal fatality fatalities perished
    injured injuries injury hurt wounded wounds
    body bodies corpse corpses
    victim victims casualty casualties
    quake earthquake tremor
    fire fires blaze wildfire flames inferno burning
    firefighters firefighter firemen fireman
    storm hurricane typhoon cyclone gale
    flood floods flooding flooded inundated
    blast explosion exploded explode bomb bombing
    crash crashed collision collided accident
    collapse collapsed collapses caved
    evacuated evacuate evacuation fled flee fleeing
    rescued rescue rescuers saved
    search searching searched hunt
    missing vanished disappeared
    found find discovered
    arrested arrest arrests detained detain custody
    charged charge charges indicted accused
    convicted guilty conviction
    sentenced sentence jailed imprisoned
    jail prison imprisonment
    lawyer lawyers attorney counsel
    court courts tribunal
    judge judges magistrate
    police policeman policemen officers
    denies deny denied rejects rejected
    strike strikes striking walkout stoppage
    job jobs post posts
    staff workforce employees employee workers worker
    pay wage wages salary salaries
    raise raised raises lift lifted increase increased increases increasing rise rises rose risen hike
    cut cuts cutting reduce reduced reduction lower lowered fall falls fell fallen drop dropped shed
    cut decline declined slash slashed
    close closed closes closing shut shuts closure
    begin begins began begun start starts started launch launched
    end ended ends finish finished
    sacked sack dismissed dismiss ousted fired
    resigned resign resignation quit quits
    successor replacement replace replaces replaced
    coach manager trainer
    defeat defeats loss losses beaten lost lose
    won win wins victory winner
    row consecutive straight
    parliament lawmakers lawmaker deputies mps legislators assembly
    passed approved approve adopted backed
    law bill legislation act
    government cabinet
    vote votes voted voting ballot
    company firm operator corporation business
    bank lender
    customers customer clients client
    telephone phone
    ship vessel boat ferry
    plane aircraft jet airliner
    car vehicle cars vehicles automobile
    lorry truck lorries trucks
    road roads street highway motorway
    home homes house houses household households
    resident residents inhabitants inhabitant
    power electricity
    border frontier
    soldiers troops army military
    child children kids
    pupils pupil students student
    doctor doctors physicians medics
    hospital hospitals clinic
    bronze bronzes statue statues sculpture sculptures
    picture pictures photo photos image images
    deal agreement accord pact
    talks negotiations
    protest protests demonstration demonstrators rally
    attack attacks assault raid
    shot shooting gunfire
    show shown display displayed exhibit exhibited
    return returned returns handed
    took taken carried
    plan plans planned intends intend
    century hundred
    aboard board
    doubled twice double
    safe unharmed unhurt
    unknown unclear
    arrived arrives reached reach reaches entered enter
    try attempt tries attempted tried
    buy bought acquire acquired purchase takeover
    sell sold sale
    cost costs price prices
    big large huge major
    prime premier
    chief head boss leader
    loan lent borrowed

    air atmosphere
    circles circle circling orbits orbit orbiting
    dim faint
    hose hosepipe hosepipes
    attacker gunman assailant
    mall centre center
    shop shops store stores supermarket supermarkets
    factory plant plants factories
    warned warning warnings alert alerted
    ill sick illness sickness disease
    fine fined penalty
    ban banned bans prohibited forbidden forbids
    destroyed destroys destroy destruction ruined wrecked
    aid relief
    money funds cash funding
    acquitted acquits cleared acquittal
    murder murdered murdering murders homicide
    stolen stole steal theft thieves robbed robbery
    hackers hacker cyberattack
    computer computers systems
    announce announces announcement unveiled unveils
    allow allowed allows permit permitted
    ask asks request requested requests urged urges urge appealing
    help helped helps assistance assist
    wedding marry marries marriage married
    born birth
    dispute quarrel
    refused refuse refuses rebuffed
    admitted admit admits conceded concedes acknowledged
    describe described calling
    criticised criticized criticises criticism condemned slammed
    praised praise hailed welcomed
    fear fears feared worried worry concern concerns
    match game
    goal goals scored
    league division
    cup trophy
    player players footballer
    champion champions title
    minister secretary
    elections election polls
    candidate candidates contender
    war fighting conflict
    missile missiles rocket rockets
    ceasefire truce armistice
    hostage hostages captive captives
    freed released release releases frees liberated
    refugees refugee migrants migrant asylum
    heat heatwave
    rain rains rainfall downpour
    snow snowfall blizzard
    wind winds gusts
    sea ocean
    island islands isle
    mountain mountains peak
    forest forests woods woodland
    scientists scientist researchers researcher astronomers
    study studies research survey
    drug drugs medicine
    vaccine jab
    university college
    museum gallery museums
    painter artist
    film movie films movies
    singer musician
    tax taxes levy
    budget spending
    profit profits earnings
    growth grew grow grows
    tariff tariffs duties
    build built construction constructed building
    repair repaired repairs fixed
    project scheme
    airport airfield
    passenger passengers travellers
    driver drivers motorist
    captain skipper
    speed fast
    quickly rapidly swiftly
    tiny small little
    elderly old aged
    youngest young
    woman women female
    man men male
    family families relatives
    father dad
    mother mum mom
    wife husband spouse
    town city village
    area region zone district
    country nation
    north northern
    south southern
    east eastern
    west western
    midnight night
    immediately instantly
    voiced expressed
    confirmed confirm confirms verified
    revealed reveals reveal disclosed
    inquiry investigation investigating investigate investigators probe
    evidence proof proved proven
    convinced confident sure
    stopped stop stops halted halt suspended
    delayed delay delays postponed postpone
    cancelled canceled cancel scrapped scrap abandoned
    expanded expand expands extended extend
    trapped stuck
    buried funeral burial
    tribute tributes mourned mourn mourning
    weapon weapons arms gun guns
    knife stabbed stabbing stab
    drunk alcohol drinking

    tot tote toten toter getötet gestorben starb starben todesopfer
    brand feuer brannte flammen
    festgenommen verhaftet verhaftete festnahme
    hochwasser überschwemmung flut überflutet
    erhöht erhöhte steigt gestiegen stieg anhebung hebt
    gesunken sank senkt gesenkt gefallen
    unglück unfall
    gericht richter
    zugesagt versprach sagte zusagte
    firma unternehmen konzern
    haus häuser wohnungen

    mort morts mortes tué tués tuées décès décédé décédés
    incendie feu flammes brûlé
    arrêté arrêtés interpellé interpellés
    habitants personnes riverains
    hausse augmentation augmenté relevé
    baisse baissé réduit
    essence carburant

    muertos muerto muerte murió murieron fallecieron fallecidos falleció
    incendio fuego llamas
    detenido detenidos arrestado arrestados detuvo
    terremoto sismo temblor
    sube subió aumento aumentó alza
    baja bajó reducción redujo

    погибли погиб погибших погибла погибшими скончался скончались умер умерли жертвы жертв
    ранены ранен раненых пострадали пострадавших пострадавшие
    пожар пожара огонь сгорел загорелся горит возгорание
    задержали задержан задержаны арестовали арестован арестованы
    взрыв взорвался взрыва

    загинули загинув загиблих загинула помер померли жертви
    поранені поранено постраждали постраждалих травмовано
    пожежа пожежі вогонь згоріла загорівся
    затримали затримано заарештували заарештовано
"""

#: Words for small numbers; "one", which in most languages is an article as well, is left out.
_NUMBERS = """
    2 two zwei deux dos два две двух два дві двох
    3 three drei trois tres три трех трёх трое троє трьох
    4 four vier quatre cuatro четыре четырех четырёх чотири чотирьох
    5 five fünf cinq cinco пять пяти п'ять п'яти
    6 six sechs seis шесть шести шість
    7 seven sieben sept siete семь семи сім
    8 eight acht huit ocho восемь восьми вісім
    9 nine neun neuf nueve девять девяти дев'ять
    10 ten zehn dix diez десять десяти
    11 eleven elf onze once одиннадцать одинадцять
    12 twelve zwölf douze doce двенадцать дванадцять dozen dutzend
    13 thirteen dreizehn treize trece
    14 fourteen vierzehn quatorze catorce
    15 fifteen fünfzehn quinze quince
    16 sixteen sechzehn seize
    17 seventeen siebzehn
    18 eighteen achtzehn
    19 nineteen neunzehn
    20 twenty zwanzig vingt veinte двадцать двадцять
    30 thirty dreißig trente treinta тридцать тридцять
    40 forty vierzig quarante cuarenta сорок
    50 fifty fünfzig cinquante cincuenta пятьдесят п'ятдесят
    60 sixty sechzig soixante sesenta
    70 seventy siebzig setenta
    80 eighty achtzig ochenta
    90 ninety neunzig noventa
"""

#: Words that any sentence may turn to whatever it tells, without being stop words. English first.
LIGHT_WORDS = _set(
    """
    put puts putting take takes taking give gives given giving keep keeps kept keeping hold holds held
    holding bring brings brought bringing turn turns turned set sets run runs running leave leaves stay
    stays stayed remain remains remained become lie lies lay stand stands stood move moves moved lead
    leads led make makes making let lets mean means meant happen happened happens want wanted wants
    expect expects expected face faces facing faced carry carries carried begin involve involved include
    included total amount number figure way part kind lot place point side matter case fact thing things
    short far wide whole entire entirely further similar same various certain recent recently soon
    finally eventually suddenly exactly simply actually really clearly likely possibly probably perhaps
    once twice again yet behind beyond beneath inside outside throughout roughly approximately nearly
    almost per via amid despite due unless whether while whose whom former previous previously initial
    initially latest bear bears bore promised promise promises

    rund etwa ungefähr bereits weiterhin weiter zunächst inzwischen mittlerweile derzeit dabei dafür
    damit davon dazu daran darauf bleibt bleiben kommt kamen kam gekommen gab geben gibt gegeben stand
    steht stehen liegt lag liegen soll sollen

    environ quelque ainsi encore toujours toutefois notamment également depuis lors avait avaient été
    mis mise faire fait font

    unos unas alrededor cerca sido estaba estaban fue fueron quedó quedaron tras según además todavía
    aún hizo hacer lleva llevaba

    около примерно уже ещё еще также пока тем время более менее около после перед через

    близько приблизно вже ще також поки час понад після перед через
    """
)

#: Words that say that something is not so. "Without" is none of them: "was left without power" says what
#: "lost power" says.
NEGATIONS = _set(
    """
    not no never nobody none nothing neither nor cannot
    nicht kein keine keinen keiner keinem nie niemals niemand nichts
    ne n'a n'ont n'est n'était jamais aucun aucune
    nunca nadie ningún ninguna ninguno jamás
    не нет ни никто никогда ні ніхто ніколи немає нема
    """
)


def _by_word(table: str) -> MappingProxyType[str, str]:
    """Return the first word of its line for each word of a table."""
    found: dict[str, str] = {}
    for line in table.splitlines():
        for word in line.split():
            found.setdefault(word, line.split()[0])
    return MappingProxyType(found)


#: A word, folded, to the one that stands for all of its meaning.
SYNONYMS = _by_word(_EQUALS)

#: A word, folded, to the digits of the number that it says.
NUMBER_WORDS = _by_word(_NUMBERS)
