"""German, French, Spanish and Italian: what their words do in a claim.

Shorter than English, and stricter for it: a word that is not listed must stand in the source.
"""

from types import MappingProxyType

from newsletter.stories.rewriting.lexicon import (
    Force,
    Lexicon,
    counted_tens,
    markers,
    numbered,
    stemmer,
    table,
)

_GERMAN = Lexicon(
    language="de",
    stem=stemmer("e en er es em ern n s st t te ten", shortest=4),
    function_words=table(
        """
        der die das den dem des ein eine einen einem einer eines und oder aber auch als wie so in im an am
        auf aus bei beim mit von vom zu zum zur für um ist sind war waren sein wird werden wurde wurden
        worden hat haben hatte hatten er sie es ihr ihre ihren ihrem ihres sein seine seinen seinem sich
        dass daß dies diese dieser diesen diesem dieses welche welcher welches dort hier da dabei damit es
        man uns wir ich über
        """
    ),
    markers=MappingProxyType(
        markers(
            Force.NEGATION,
            negated="nicht, kein, keine, keinen, keinem, keiner, keines, niemand, nichts, ohne, weder, "
            "noch nicht",
            never="nie, niemals",
            no_longer="nicht mehr, keine mehr",
            denied="bestreitet, bestritt, bestritten, dementiert, dementierte, leugnet",
            refused_tells="verweigert, verweigerte, weigerte, weigern, abgelehnt, lehnt, lehnte, ablehnen",
            against_tells="gegen",
        )
        | markers(
            Force.ATTRIBUTION,
            said="sagt, sagte, sagten, teilte, teilten, mit teilte, erklärte, erklärten, berichtet, "
            "berichtete, berichteten, laut, zufolge, nach angaben, hieß, meldete, meldeten, gab, "
            "mitteilung",
        )
        | markers(
            Force.HEDGE,
            alleged="angeblich, mutmaßlich, mutmaßliche, mutmaßlichen, mutmaßlicher, verdächtigt, "
            "vorgeworfen, wirft, verdacht, beschuldigt",
            possible="könnte, könnten, vielleicht, möglicherweise, möglich, womöglich, kann, können, "
            "dürfte, dürften",
            likely="wahrscheinlich, wohl, vermutlich, voraussichtlich",
            should="soll, sollen, sollte, sollten",
            would="würde, würden, wäre, wären, will, wollen, wollte, wollten, plant, planen, geplant, hofft",
            condition="falls, wenn, sofern",
            some="einige, mehrere, manche",
            most="meisten, mehrheit, überwiegend",
            all="alle, allen, aller, jeder, jede, jedes, ganze, ganzen",
            only="nur, lediglich",
            almost="fast, beinahe, knapp, etwa, rund, circa, ungefähr, mindestens, höchstens, bis zu, "
            "mehr als",
        )
        | markers(
            Force.RELATION,
            cause="weil, wegen, aufgrund, deshalb, daher, denn, durch",
            after="nach, nachdem",
            before="vor, bevor",
            until="bis",
            despite="trotz, obwohl",
        )
    ),
    numbers=MappingProxyType(
        numbered("eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf")
        | counted_tens("zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig")
    ),
    multipliers=MappingProxyType(
        {"dutzend": 12, "hundert": 100, "tausend": 1000, "million": 10**6, "millionen": 10**6}
        | {"milliarde": 10**9, "milliarden": 10**9}
    ),
    percent=table("% prozent"),
    passives=table("wurde wurden wird werden"),
    agents=table("von vom durch"),
    prepositions=table("in im an am auf aus bei mit von vom zu zum zur für gegen nach vor über"),
    pronouns=table("er sie es ihr ihre sein seine dieser diese dieses"),
    first_person=table("ich wir mein meine unser unsere unseren uns mich mir"),
    determiners=table("der die das den dem des dieser diese dieses diesem diesen ihr ihre sein seine"),
    joints=table("und aber während die der das nachdem bevor weil obwohl"),
    opinions=table(
        "leider wichtig entscheidend schockierend tragisch skandal zum_glück dramatisch bemerkenswert"
    ),
    capital_nouns=True,
    inflected_names=True,
)

_FRENCH = Lexicon(
    language="fr",
    stem=stemmer("e s es é ée és ées er ent ait aient", shortest=4),
    function_words=table(
        """
        le la les l un une des de du d et ou mais aussi que qui quoi dont où ce cet cette ces c s se sa
        son ses leur leurs il elle ils elles lui en y à au aux dans par pour avec sur est sont était
        étaient été être a ont avait avaient avoir comme lors on nous je m n j qu
        """
    )
    - {"n"},
    markers=MappingProxyType(
        markers(
            Force.NEGATION,
            negated="pas, ne, n, aucun, aucune, personne, rien, sans, ni, non",
            never="jamais",
            no_longer="plus",
            denied="nie, nié, nient, dément, démenti, démentent, conteste, contesté",
            refused_tells="refuse, refusé, refusent, rejette, rejeté, rejetée, rejettent",
            against_tells="contre",
        )
        | markers(
            Force.ATTRIBUTION,
            said="dit, disent, déclaré, déclare, annoncé, annonce, indiqué, indique, selon, affirmé, "
            "affirme, précisé, précise, rapporté, rapporte, d'après, ajouté",
        )
        | markers(
            Force.HEDGE,
            alleged="présumé, présumée, présumés, accusé, accusée, accusés, soupçonné, soupçonnée, prétendu",
            possible="peut, peuvent, pourrait, pourraient, peut-être, possible, éventuel, éventuelle, "
            "éventuellement",
            likely="probable, probablement, sans doute, vraisemblablement",
            would="serait, seraient, aurait, auraient, devrait, devraient, sera, seront, doit, doivent, "
            "prévoit, prévu, prévue, veut, espère",
            condition="si",
            some="quelques, certains, certaines, plusieurs",
            most="plupart, majorité",
            all="tous, toutes, tout, toute, chaque",
            only="seulement, seul, seule, uniquement",
            almost="presque, environ, près de, au moins, au plus, jusqu'à, plus de, moins de",
        )
        | markers(
            Force.RELATION,
            cause="parce, car, puisque, en raison, à cause, grâce, donc",
            after="après",
            before="avant",
            until="jusqu",
            despite="malgré",
        )
    ),
    numbers=MappingProxyType(
        numbered("_ deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize")
        | {"vingt": 20, "trente": 30, "quarante": 40, "cinquante": 50, "soixante": 60}
    ),
    multipliers=MappingProxyType(
        {"douzaine": 12, "cent": 100, "mille": 1000, "million": 10**6, "millions": 10**6}
        | {"milliard": 10**9, "milliards": 10**9}
    ),
    percent=table("%"),
    passives=table("est sont été était étaient"),
    agents=table("par"),
    prepositions=table("à au aux de du des d en dans sur avec pour contre par chez"),
    pronouns=table("il elle ils elles ce cela leur son sa ses"),
    first_person=table("je j nous mon ma mes notre nos moi me"),
    determiners=table("le la les l ce cet cette ces son sa ses leur leurs du au"),
    joints=table("et mais qui que dont où"),
    opinions=table("malheureusement important importante crucial tragique choquant heureusement scandale"),
    inflected_names=False,
)

_SPANISH = Lexicon(
    language="es",
    stem=stemmer("o a e s os as es ó aron ado ada ados adas ar", shortest=4),
    function_words=table(
        """
        el la los las lo un una unos unas de del y e o u pero también que quien cual cuyo donde este esta
        estos estas ese esa su sus se le les en a al por para con sobre es son era eran fue fueron ser ha
        han había habían haber como él ella ellos ellas
        """
    ),
    markers=MappingProxyType(
        markers(
            Force.NEGATION,
            negated="no, ningún, ninguna, ninguno, nadie, nada, sin, ni",
            never="nunca, jamás",
            denied="niega, negó, niegan, negaron, desmintió, desmiente",
            refused_tells="rechaza, rechazó, rechazaron, rechazado, rechazada, rehusó",
            against_tells="contra",
        )
        | markers(
            Force.ATTRIBUTION,
            said="dijo, dice, dijeron, según, informó, informaron, anunció, anunciaron, declaró, "
            "afirmó, señaló, añadió, explicó",
        )
        | markers(
            Force.HEDGE,
            alleged="presunto, presunta, presuntos, presuntamente, supuesto, supuesta, acusado, "
            "acusada, acusados",
            possible="puede, pueden, podría, podrían, quizá, quizás, posible, posiblemente, tal vez",
            likely="probable, probablemente",
            would="será, serán, sería, serían, debería, debe, deben, prevé, quiere, espera, planea",
            condition="si",
            some="algunos, algunas, varios, varias",
            most="mayoría",
            all="todos, todas, todo, toda, cada",
            only="solo, sólo, solamente, únicamente",
            almost="casi, unos, unas, cerca de, al menos, hasta, más de, menos de, alrededor de",
        )
        | markers(
            Force.RELATION,
            cause="porque, debido, causa, gracias",
            after="tras, después",
            before="antes",
            until="hasta que",
            despite="pese, aunque",
        )
    ),
    numbers=MappingProxyType(
        numbered("_ dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince")
        | counted_tens("veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa")
    ),
    multipliers=MappingProxyType(
        {"docena": 12, "cien": 100, "ciento": 100, "mil": 1000, "millón": 10**6, "millones": 10**6}
    ),
    percent=table("%"),
    passives=table("es son fue fueron sido ser"),
    agents=table("por"),
    prepositions=table("a al de del en con por para contra sobre"),
    pronouns=table("él ella ellos ellas su sus este esta esto"),
    first_person=table("yo nosotros mi mis nuestro nuestra nuestros nos me"),
    determiners=table("el la los las este esta estos estas su sus del al"),
    joints=table("y pero que quien donde"),
    opinions=table("lamentablemente importante crucial trágico trágica impactante escándalo afortunadamente"),
)

_ITALIAN = Lexicon(
    language="it",
    stem=stemmer("o a e i ato ata ati ate are", shortest=4),
    function_words=table(
        """
        il lo la i gli le l un uno una di del dello della dei degli delle d e ed o ma anche che chi cui
        dove questo questa questi queste quello quella suo sua suoi sue loro si ne in nel nella nei nelle
        a al allo alla ai alle da dal dalla con per su sul sulla è sono era erano stato stata stati state
        essere ha hanno aveva avevano avere come lui lei
        """
    ),
    markers=MappingProxyType(
        markers(
            Force.NEGATION,
            negated="non, nessun, nessuno, nessuna, niente, nulla, senza, né",
            never="mai",
            denied="nega, negato, negano, smentisce, smentito",
            refused_tells="rifiuta, rifiutato, respinge, respinto, respinta",
            against_tells="contro",
        )
        | markers(
            Force.ATTRIBUTION,
            said="detto, dice, dicono, secondo, annunciato, annuncia, dichiarato, affermato, spiegato, "
            "riferito, riferisce, aggiunto",
        )
        | markers(
            Force.HEDGE,
            alleged="presunto, presunta, presunti, accusato, accusata, accusati, sospettato",
            possible="può, possono, potrebbe, potrebbero, forse, possibile",
            likely="probabile, probabilmente",
            would="sarà, saranno, sarebbe, sarebbero, dovrebbe, deve, devono, prevede, vuole, spera",
            condition="se",
            some="alcuni, alcune, diversi, diverse",
            most="maggioranza, maggior",
            all="tutti, tutte, tutto, tutta, ogni",
            only="solo, soltanto, solamente",
            almost="quasi, circa, almeno, fino a, più di, oltre, meno di",
        )
        | markers(Force.RELATION, cause="perché, causa, grazie, quindi", after="dopo", before="prima")
    ),
    numbers=MappingProxyType(
        numbered(
            "_ due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici"
        )
        | counted_tens("venti trenta quaranta cinquanta sessanta settanta ottanta novanta")
    ),
    multipliers=MappingProxyType(
        {"dozzina": 12, "cento": 100, "mille": 1000, "mila": 1000, "milione": 10**6, "milioni": 10**6}
    ),
    percent=table("%"),
    passives=table("è sono stato stata stati state viene vengono"),
    agents=table("da dal dalla dai dagli dalle"),
    prepositions=table("a al alla di del della in nel nella con per contro su sul sulla"),
    pronouns=table("egli lui lei essa essi loro questo questa"),
    first_person=table("io noi mio mia nostro nostra nostri ci mi"),
    determiners=table("il lo la i gli le l questo questa questi queste suo sua loro del della"),
    joints=table("e ed ma che dove"),
    opinions=table("purtroppo importante cruciale tragico tragica scioccante scandalo"),
)

WESTERN = (_GERMAN, _FRENCH, _SPANISH, _ITALIAN)
