"""English: its stems, and what its words do in a claim."""

from types import MappingProxyType

from newsletter.stories.rewriting.lexicon import (
    Force,
    Lexicon,
    alike,
    counted_tens,
    markers,
    numbered,
    own_markers,
    table,
)

_IRREGULAR = {
    form: base
    for line in """
    say said says|tell told|rise rose risen|fall fell fallen|hold held|keep kept|leave left|lose lost
    win won|find found|meet met|make made|take took taken|give gave given|go went gone|come came|run ran
    begin began begun|break broke broken|build built|buy bought|bring brought|catch caught|fight fought
    sell sold|send sent|spend spent|speak spoke spoken|steal stole stolen|strike struck stricken
    shoot shot|sink sank sunk|grow grew grown|know knew known|show shown|throw threw thrown
    drive drove driven|write wrote written|choose chose chosen|freeze froze frozen|flee fled
    feed fed|lead led|see saw seen|eat ate eaten|beat beaten|get got gotten|pay paid|teach taught
    think thought|stand stood|sit sat|swim swam|drink drank|fly flew flown|draw drew drawn
    wear wore worn|bear bore borne|seek sought|deal dealt|feel felt|mean meant|hear heard
    die died dying dies|lie lying lay|man men|woman women|person people persons|child children
    life lives|foot feet|wife wives|knife knives|half halves|become became|overturn overturned
    withdraw withdrew withdrawn|undergo underwent undergone|forbid forbade forbidden
    dead deadly|hurt hurts hurting|cut cuts cutting|shut shuts shutting|hit hits hitting
    set sets setting|put puts putting|split splits|news|series|crisis crises|bus buses
    """.replace("\n", "|").split("|")
    for base, *forms in [line.split() or [""]]
    for form in (base, *forms)
    if form
}
#: Of the irregular words and of those that end like a verb, the ones that are none.
_NO_VERBS = table(
    """
    man men woman women person people persons child children life lives foot feet wife wives knife knives
    half halves news series crisis crises bus buses dead deadly building buildings meeting morning evening
    spring during hundred speed housing ceiling wedding king string ring red bed shed seed need
    """
)
#: Endings that make a noun of a verb, the letters that the word has at least, and how many are cut.
_NOUN_ENDINGS = (
    ("ation", 8, 5),
    ("tion", 6, 3),
    ("ssion", 6, 3),
    ("ment", 7, 4),
    ("oval", 5, 2),
    ("ival", 5, 2),
    ("osal", 5, 2),
    ("usal", 5, 2),
    ("issal", 6, 2),
    ("sure", 6, 3),
    ("ury", 5, 1),
    ("very", 5, 1),
)
_VOWELS = frozenset("aeiouy")


def _bare(word: str) -> str:
    """Cut the endings of plural, past and participle."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("ied") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "zes", "ches", "shes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    for ending in ("ing", "ed"):
        base = word.removesuffix(ending)
        if base != word and len(base) > 2 and _VOWELS & set(base):
            return base
    return word


def stem(word: str) -> str:
    """Return the key that the forms of an English word share: "closed", "closing" and "closure"."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < 4:
        return word
    base = _bare(word)
    if base in _IRREGULAR:
        return _IRREGULAR[base]
    for ending, length, cut in _NOUN_ENDINGS:
        if base.endswith(ending) and len(base) > length:
            base = base[:-cut]
            break
    base = base.removesuffix("e") if len(base) > 3 else base
    if base.endswith("at") and len(base) > 6:
        base = base[:-2]
    return base[:-1] if len(base) > 3 and base[-1] == base[-2] and base[-1] not in _VOWELS else base


def is_verb_form(word: str) -> bool:
    """Return whether a word looks like the past or the participle of a verb."""
    if word in _IRREGULAR:
        return word not in _NO_VERBS
    return len(word) > 4 and word.endswith(("ed", "ing")) and word not in _NO_VERBS


_NEGATIONS = markers(
    Force.NEGATION,
    negated="not, no, n't, nor, neither, none, nobody, nothing, nowhere, cannot, without, no one, lack, "
    "lacks, lacked, lacking, fail, fails, failed, failing, failure, zero",
    never="never",
    no_longer="no longer, not any more, no more",
    hardly="hardly, barely, scarcely, rarely, seldom",
    unlikely="unlikely",
    denied="deny, denies, denied, denying, denial, denials, dispute, disputes, disputed, disputing",
    excluded="rule out, rules out, ruled out, ruling out",
    refused_tells="refuse, refuses, refused, refusing, refusal",
    rejected_tells="reject, rejects, rejected, rejecting, rejection, turn down, turned down",
    declined_tells="decline, declines, declined, declining",
) | own_markers(
    Force.NEGATION,
    "oppose opposes opposed opposing veto vetoed block blocks blocked blocking prevent prevents "
    "prevented preventing avert averted averts avoid avoided avoids avoiding cancel cancels cancelled "
    "canceled cancelling halt halts halted stop stops stopped stopping ban bans banned banning bar "
    "barred forbid forbids forbidden prohibit prohibits prohibited scrap scrapped abandon abandoned "
    "suspend suspends suspended suspending postpone postponed delay delayed delays dismiss dismissed "
    "dismisses quash quashed overturn overturned acquit acquitted clear cleared withdraw withdrew "
    "withdrawn against except",
    stem,
)
_ATTRIBUTIONS = markers(
    Force.ATTRIBUTION,
    said="say, says, said, saying, tell, tells, told, state, states, stated, announce, announces, announced, "
    "add, adds, added, report, reports, reported, note, notes, noted, according to, wrote, writes, declared",
    said_tells="warn, warns, warned, warning, insist, insists, insisted, confirm, confirms, confirmed, "
    "stress, stressed, argue, argues, argued, admit, admits, admitted, explain, explains, explained, "
    "complain, complained, conclude, concluded, suggest, suggests, suggested, call, calls, called, "
    "describe, described, describes",
)
_HEDGES = markers(
    Force.HEDGE,
    alleged_tells="alleged, allegedly, allege, alleges, allegation, allegations, accuse, accused, "
    "accuses, accusing, accusation, suspected, suspect, suspects, suspicion, claim, claims, claimed, "
    "claiming, purported, purportedly, charged",
    believed="believe, believes, believed, think, thinks, thought, presumed, presumably, assumed, "
    "feared, fear, fears, understood",
    reported="reportedly, apparently, seemingly, unconfirmed, rumoured, rumored, rumours, rumors",
    possible="may, might, could, possibly, possible, perhaps, maybe, potential, potentially",
    can="can, able",
    likely="likely, probably, probable",
    expected="expect, expects, expected, expecting, forecast, forecasts, predict, predicts, predicted, "
    "anticipated",
    appears="appear, appears, appeared, seem, seems, seemed",
    estimated="estimate, estimates, estimated",
    future="will, would, shall, 'll, 'd, going to, set to",
    condition="if, whether, provided that, in case, as long as",
    unless="unless",
    must="must, has to, have to, had to, need to, needs to, needed to",
    should="should, ought",
    some="some, several, a few",
    few="few",
    many="many",
    most="most, mostly, mainly, largely, majority",
    all="all, every, each, entire, entirely, whole, fully, completely, always",
    only="only, just, merely, sole",
    almost="almost, nearly",
    partly="partly, partially, partial, in part",
    sometimes="sometimes, often, usually, occasionally",
    half="half",
) | own_markers(
    Force.HEDGE,
    "plan plans planned planning intend intends intended hope hopes hoped hoping want wants wanted aim "
    "aims aimed seek seeks sought seeking propose proposes proposed proposing proposal proposals offer "
    "offers offered offering threaten threatens threatened threatening vow vows vowed promise promises "
    "promised promising pledge pledges pledged consider considers considered considering urge urges "
    "urged urging demand demands demanded demanding request requests requested recommend recommends "
    "recommended recommendation advise advises advised ask asks asked asking appeal appeals appealed "
    "try tries tried trying attempt attempts attempted temporary temporarily provisional provisionally "
    "draft former acting",
    stem,
)
_RELATIONS = markers(
    Force.RELATION,
    cause="because, because of, due to, owing to, cause, causes, caused, causing, as a result, "
    "therefore, thus, thanks to, blame, blamed, blames, led to, leads to, leading to, hence, "
    "consequently, so that, triggered, sparked, prompted, prompting, amid",
    after="after, following, in the wake of",
    before="before, ahead of, prior to",
    since="since",
    until="until, till",
    despite="despite, although, though, in spite of, however",
    instead="instead, rather than, instead of",
)

_QUALIFIERS = {
    phrase: first
    for first, *others in (
        ("at least", "no fewer than", "no less than", "a minimum of"),
        ("at most", "no more than", "a maximum of"),
        ("more than", "over", "above", "upwards of"),
        ("less than", "fewer than", "under", "below"),
        ("nearly", "almost", "close to"),
        ("about", "around", "roughly", "approximately", "some"),
        ("up to", "as many as", "as much as"),
        ("another", "a further", "an additional", "a extra", "an extra"),
        ("only", "just"),
        ("estimated",),
    )
    for phrase in (first, *others)
}
_ALIASES = """
close shut
child kid
start begin
large big
hurt injure wound
die dead death < kill
help aid assist
buy purchase
vehicle < car lorry truck van bus
people < resident villager passenger worker person inhabitant trader customer driver pupil student tourist
stay remain
area region
company firm
rise increase climb
fall drop decrease
fire blaze
build construct
deal agreement accord pact
talks negotiation discussion
law legislation
pupil student
flat apartment
run operate
extra additional further
home house
find discover
end finish
decide < agree vote
win victory
defeat beat
allocate earmark
district < quarter
team < side club
match game < semifinal final
money < fund
staff employee < worker
repair fix mend
road < street bridge
choose select pick
yearly annual
cost price
show reveal
owner < own
"""

ENGLISH = Lexicon(
    language="en",
    stem=stem,
    function_words=table(
        """
        a an the this that these those it its he she they his her hers their theirs him them himself
        herself itself themselves who which whom whose what where when how there here of in on at by for
        with from to into onto through during between among across per via as than then be am is are was
        were been being has have had having do does did doing and or but so such also too while whilst i
        we you my our your us me both other others any own s 's 're 've 'm
        """
    ),
    markers=MappingProxyType(_NEGATIONS | _ATTRIBUTIONS | _HEDGES | _RELATIONS),
    numbers=MappingProxyType(
        numbered(
            "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
            "sixteen seventeen eighteen nineteen"
        )
        | counted_tens("twenty thirty forty/fourty fifty sixty seventy eighty ninety")
    ),
    ordinals=MappingProxyType(
        numbered(
            "first second third/thirds fourth/fourths fifth/fifths sixth seventh eighth ninth tenth eleventh "
            "twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"
        )
        | counted_tens("twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth")
        | {"hundredth": 100, "thousandth": 1000}
    ),
    multipliers=MappingProxyType(
        {"dozen": 12, "hundred": 100, "thousand": 1000, "million": 10**6, "bn": 10**9, "billion": 10**9}
        | {"trillion": 10**12}
    ),
    qualifiers=MappingProxyType(_QUALIFIERS),
    percent=table("% percent pct"),
    number_prepositions=table("to from until before after since against versus between beyond into"),
    passives=table("was were been being is are be got get gets"),
    agents=table("by"),
    prepositions=table(
        "in on at of for with from to near against over under after before about into outside"
    ),
    pronouns=table("he she they it his her their its who"),
    first_person=table("i we my our us me mine ours i'm we're i've we've"),
    determiners=table("the this that these those its their his her"),
    singular=table("a an one"),
    joints=table("and but while which who whose where after before because although though when as"),
    opinions=table(
        """
        matters important importantly crucial crucially critical shocking shockingly tragic tragically
        sadly unfortunately fortunately luckily thankfully significant significantly remarkable remarkably
        amazing incredible incredibly stunning outrageous disgraceful shameful historic unprecedented
        dramatic dramatically clearly obviously undoubtedly certainly notably interestingly surprisingly
        alarming worrying hopefully disaster scandal triumph brave heroic terrible horrific devastating
        controversial groundbreaking landmark welcome deserve deserves vital essential bad good great best
        worst wonderful awful impressive disappointing reminder highlights underscores raises questions
        """
    ),
    aliases=MappingProxyType(alike(_ALIASES, stem)),
    plain=frozenset(stem(word) for word in table("include includes including also")),
    decimal_comma=False,
)

#: Written apart before anything else is read: "won't" is "will not".
CONTRACTIONS: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {"won't": ("will", "not"), "can't": ("can", "not"), "cannot": ("can", "not"), "shan't": ("shall", "not")}
)
