"""Words that end in a full stop without ending a sentence, in the languages of the news."""


def word_set(words: str) -> frozenset[str]:
    """Return the words of a text that are parted by white space."""
    return frozenset(words.split())


#: Never the end of a sentence: a name, a number or an example follows.
NEVER_LAST = word_set(
    """
    mr mrs ms mx dr prof rev fr gen sen sens rep reps gov lt col sgt capt cmdr cpl pvt adm maj brig
    det insp supt hon pres st ste mt pt messrs vs sec fig figs approx ret eg ie e.g i.e cf viz ed eds
    trans repr flt h.r amb sgts drs profs atty asst assoc exec spc pfc pte cllr det const comdr msgr
    l'on dell'on all'on dall'on l'ing dell'ing all'ing l'avv dell'avv all'avv
    mm mme mlle mgr sra srta dra dña cía ud uds exmo exma sr.a lic ing sig sig.ra dott dott.ssa prof.ssa
    avv egr hr fr hrn frau nr str bzw ca z.b d.h u.a z.t vgl evtl inkl zzgl sog geb gest bspw d.h
    i.d.r o.ä jh dhr mevr mw drs ir bijv d.w.z o.a bv np tzw ul św im prof inż mgr hab al pl gen płk
    ks tzv např resp čes č str mudr ing bl.a t.ex dvs kl s.k fil.dr f.d г гг ул им т.е т.к тыс млн
    млрд проф акад ген др см стр просп пл обл р-н вул ім див с м о π.χ δηλ δρ βλ σελ κ κ.κ av yy bkz
    örn doç jur med phil rer mio mrd tsd пос пл пер корп стр кв
    """
)

#: Abbreviations only when written with a capital: "Ill." is Illinois, "ill." ends a sentence.
CAPITALISED = word_set(
    """
    adm al ark art arts ave bros co col cons const dec det ed fig fri gen hr ill ind jan la maj mar mass
    md mm mo mon op ore pa pl pres rep rev res sat sec sen st sun vol wash wed wis
    """
)

#: Last only when a word follows that opens sentences: "in the U.S. The ..." but "U.S. Army".
SELDOM_LAST = word_set(
    """
    inc corp co ltd llc llp plc bros jr sr u.s u.k u.n e.u u.a.e u.s.a d.c ph.d m.d b.a m.a n.y l.a b.c
    a.d sq ft lb lbs oz mph m.p dept est vol vols op ave blvd rd al nev calif fla tex mass pa va ga
    ill ind mich minn wis ore wash ariz colo conn tenn ala ark kan ky la md mo neb okla s.a s.p.a
    s.r.l gmbh a.g n.v b.v uu ee e.v s.l c.v
    """
)

#: A company's legal form: "Inc. Investors" are two sentences, "U.S. Investors" need not be.
COMPANIES = word_set("inc corp co ltd llc plc s.a s.p.a n.v a.g")
COMPANY_STARTERS = word_set(
    """
    investors shareholders shares stocks stock analysts rivals regulators customers users employees staff
    workers unions sales profits profit revenue executives managers directors its neither either
    """
)

#: Written out before a name that begins with an initial.
TITLES = word_set(
    """
    judge justice president senator governor mayor minister secretary general colonel captain major sergeant
    officer detective professor doctor sir dame lord lady bishop cardinal father sister chairman director
    juge président ministre maire général richter präsident bürgermeister juez presidente ministro alcalde
    giudice sindaco президент министр судья мэр аким губернатор генерал директор депутат
    """
)

#: Months and days: a figure follows, or else the sentence may end.
DATES = word_set(
    """
    jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thurs fri sat sun janv févr juil
    січ лют бер квіт трав черв лип серп верес жовт листоп груд янв февр апр авг сент окт нояб дек
    """
)

#: Not last before a figure: "No. 5", "p. 12", "v. 2".
BEFORE_FIGURES = word_set("no nos p pp v nr n n.º nº núm num art arts sec ch ver pt pág c godz")

#: A time of day: a date or a time zone may follow.
TIMES = word_set("a.m p.m am pm")
AFTER_TIMES = word_set(
    """
    monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun january
    february march april may june july august september october november december jan feb mar apr
    jun jul aug sep sept oct nov dec et est edt ct cst cdt mt mst mdt pt pst pdt gmt utc bst cet
    cest ist jst eastern pacific central mountain moscow beijing greenwich
    """
)

#: Whatever a full stop may follow inside a sentence.
ABBREVIATIONS = NEVER_LAST | CAPITALISED | SELDOM_LAST | DATES | BEFORE_FIGURES | TIMES

#: Words that open sentences far more often than they follow an initial or "U.S.".
STARTERS = word_set(
    """
    rather instead perhaps the a an in on at it he she they we i but and this that these those his her
    their its our my there when while after before as for with from by if to so then not no one two
    three some many most more several police officials what who how why where doctors reporters
    according last earlier meanwhile however although though since until both each all other another mr
    mrs ms dr under during despite following yet nor you your now today yesterday nearly about only even
    just such few every nobody none nothing everyone everybody somebody someone something neither
    analysts experts critics der die das ein eine er sie es im am aber und wir ihr doch nach danach dann
    bei mit für von zu auch le les un une il elle ils elles en au aux mais et ce cette ces nous dans
    pour selon el los las una y pero este esta según para con se su sus lo gli uno ma nel nella con il o
    os uma mas não na no de het een maar hij zij wij ook w na to ale jednak po в на он она они но это и
    а по как мы
    """
)

#: Names that carry an exclamation mark.
SHOUTED_NAMES = word_set("yahoo jeopardy panic wham oklahoma mamma")

#: Languages that write ordinals with a full stop: "am 3. Mai".
ORDINAL_LANGUAGES = word_set("de da nb nn no fi cs sk pl hu sl hr sr bs et lv tr is fo")

#: Verbs that make `"Why?" Smith asked` one sentence.
SPEECH_VERBS = (
    "said|says|asked|asks|told|added|adds|wrote|writes|shouted|replied|wondered|cried|tweeted|posted|continued|"
    "exclaimed|recalled|demanded|joked|insisted|quipped|declared|whispered|yelled|screamed"
)
