"""Words that company names share: legal forms, abbreviations, fillers, numbers."""

#: Phrases of a legal form, folded, to the short name of the form. Forms that the same
#: company writes in different ways share a short name.
LEGAL_FORMS = {
    "ltd": (
        "ltd",
        "limited",
        "ltda",
        "limitada",
        "pvt ltd",
        "private limited",
        "private limited company",
        "pte ltd",
        "pte limited",
        "pty ltd",
        "pty limited",
        "proprietary limited",
        "co ltd",
        "co limited",
        "company limited",
        "sdn bhd",
    ),
    "llc": (
        "llc",
        "limited liability company",
        "limited liability co",
        "liability company",
        "ooo",
        "obshchestvo s ogranichennoi otvetstvennostiu",
        "obshchestvo s ogranichennoy otvetstvennostyu",
        "tov",
        "too",
    ),
    "plc": ("plc", "public limited company"),
    "inc": ("inc", "incorporated"),
    "corp": ("corp", "corporation", "corporacion", "corporate"),
    "company": ("co", "company", "companies", "compagnie", "cie", "compania", "cia"),
    "llp": ("llp", "limited liability partnership"),
    "lp": ("lp", "limited partnership"),
    "jsc": (
        "jsc",
        "ojsc",
        "cjsc",
        "pjsc",
        "oao",
        "zao",
        "pao",
        "ao",
        "joint stock company",
        "open joint stock company",
        "closed joint stock company",
        "public joint stock company",
        "aktsionernoe obshchestvo",
        "otkrytoe aktsionernoe obshchestvo",
        "publichnoe aktsionernoe obshchestvo",
        "zakrytoe aktsionernoe obshchestvo",
    ),
    "ano": ("ano",),
    "ag": ("ag", "aktiengesellschaft", "akg", "aktien gesellschaft"),
    "gmbh": (
        "gmbh",
        "mbh",
        "ges mbh",
        "gesmbh",
        "gesellschaft mit beschrankter haftung",
        "gesellschaft mit beschraenkter haftung",
    ),
    "gmbh co kg": (
        "gmbh co kg",
        "gmbh and co kg",
        "gmbh und co kg",
        "gmbh co kgaa",
    ),
    "kg": ("kg", "kommanditgesellschaft"),
    "kgaa": ("kgaa", "kommanditgesellschaft auf aktien"),
    "ohg": ("ohg", "offene handelsgesellschaft"),
    "ug": ("ug", "ug haftungsbeschrankt", "unternehmergesellschaft"),
    "ev": ("ev", "eingetragener verein"),
    "eg": ("eg", "eingetragene genossenschaft"),
    "sa": (
        "sa",
        "societe anonyme",
        "sociedad anonima",
        "sociedade anonima",
        "sab",
        "sa de cv",
        "sab de cv",
        "sociedad anonima de capital variable",
    ),
    "sarl": ("sarl", "societe a responsabilite limitee"),
    "sas": ("sas", "sasu", "societe par actions simplifiee"),
    "srl": (
        "srl",
        "societa a responsabilita limitata",
        "societatea cu raspundere limitata",
        "societate cu raspundere limitata",
        "sociedad de responsabilidad limitada",
        "bvba",
        "sprl",
    ),
    "spa": ("spa", "societa per azioni"),
    "sl": ("sl", "sociedad limitada", "slu"),
    "bv": ("bv", "besloten vennootschap"),
    "nv": ("nv", "naamloze vennootschap"),
    "se": ("se", "societas europaea"),
    "ab": ("ab", "aktiebolag", "ab publ"),
    "as": ("as", "a s", "aksjeselskap", "aktieselskab", "asa"),
    "aps": ("aps", "anpartsselskab"),
    "oy": ("oy", "oyj", "osakeyhtio"),
    "spzoo": (
        "sp z o o",
        "spzoo",
        "sp z oo",
        "spolka z o o",
        "spolka z ograniczona odpowiedzialnoscia",
    ),
    "sro": ("sro", "s r o", "spol s r o", "spolecnost s rucenim omezenym"),
    "kft": ("kft", "korlatolt felelossegu tarsasag"),
    "pt": ("pt", "perseroan terbatas"),
    "bhd": ("bhd", "berhad"),
    "kk": ("kk", "kabushiki kaisha", "kabushiki gaisha"),
    "na": ("na", "national association"),
    "doo": ("doo", "d o o"),
}

#: Forms that are written for one another; any other two of them tell companies apart.
RELATED_FORMS = (
    {"ltd", "company", "spzoo"},
    {"inc", "corp", "company"},
    {"jsc", "corp", "company"},
    {"gmbh", "gmbh co kg", "kg"},
    {"ag", "sa", "nv", "spa", "se"},
    {"srl", "sarl", "sl", "bv", "sas"},
)

#: Abbreviations and spellings, folded, to the word they stand for.
ABBREVIATIONS = {
    "intl": "international",
    "int": "international",
    "natl": "national",
    "govt": "government",
    "gov": "government",
    "dept": "department",
    "univ": "university",
    "inst": "institute",
    "assn": "association",
    "assoc": "associates",
    "bros": "brothers",
    "mfg": "manufacturing",
    "mgmt": "management",
    "svc": "service",
    "svcs": "services",
    "serv": "services",
    "sys": "systems",
    "tech": "technologies",
    "technology": "technologies",
    "techn": "technologies",
    "hldg": "holdings",
    "hldgs": "holdings",
    "holding": "holdings",
    "grp": "group",
    "gruppe": "group",
    "groupe": "group",
    "gruppo": "group",
    "grupo": "group",
    "eng": "engineering",
    "engr": "engineering",
    "elec": "electric",
    "pharm": "pharmaceuticals",
    "ind": "industries",
    "inds": "industries",
    "industry": "industries",
    "org": "organization",
    "ctr": "center",
    "centre": "center",
    "labour": "labor",
    "colour": "color",
    "defence": "defense",
    "us": "united states",
    "usa": "united states",
    "uk": "united kingdom",
    "st": "saint",
    "mt": "mount",
    "dr": "doctor",
    "sohne": "sons",
    "soehne": "sons",
    "fils": "sons",
    "son": "sons",
}

#: Words that say little; they do not enter the key.
FILLERS = frozenset(
    (
        "the a an and of for und et y e i de la le les du des del der die das di da do"
    ).split()
)

NUMBERS = {
    "zero": 0,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "thirteen": 13,
    "fourteen": 14,
    "fifteen": 15,
    "sixteen": 16,
    "seventeen": 17,
    "eighteen": 18,
    "nineteen": 19,
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fourty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
}

#: Words that many companies share, without a count of the database at hand.
COMMON_WORDS = frozenset(
    """
    group holdings international global industries industrial services service systems
    solutions technologies company corporation trust fund capital partners
    associates enterprises trading business management investment investments
    construction consulting engineering electric electronics energy foods media motor
    motors national united general royal first new world european american
    europe asia sons brothers bank insurance financial finance health healthcare
    foundation association organization government department university institute
    """.split()
)

ROMAN = frozenset("ii iii iv vi vii viii ix xi xii".split())

#: Names of countries, in English and in their own words.
COUNTRY_WORDS = frozenset(
    """
    america argentina australia austria osterreich belgium belgie belgique brazil
    brasil bulgaria canada chile china colombia croatia czech denmark danmark egypt
    england estonia ethiopia finland france germany deutschland greece hungary iceland
    india indonesia iran iraq ireland israel italy italia japan kenya korea latvia
    lithuania luxembourg malaysia mexico morocco netherlands nederland nigeria norway
    norge pakistan peru philippines poland polska portugal romania russia scotland
    serbia singapore slovakia slovenia spain espana sweden sverige switzerland schweiz
    suisse svizzera taiwan thailand tunisia turkey turkiye ukraine vietnam wales
    """.split()
)

#: Letters that do not decompose into a base letter and a mark.
LETTERS = {
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "ø": "o",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "ł": "l",
    "ı": "i",
    "ə": "e",
    "ħ": "h",
}

#: Cyrillic and Greek, so that names meet across scripts and in any database locale.
CYRILLIC = dict(
    zip(
        "абвгдежзийклмнопрстуфхцчшщъыьэюяіїєґў",
        "a b v g d e zh z i i k l m n o p r s t u f kh ts ch sh shch  y  e iu ia i i e "
        "g u".split(" "),
        strict=True,
    )
)
GREEK = dict(
    zip(
        "αβγδεζηθικλμνξοπρσςτυφχψω",
        "a v g d e z i th i k l m n x o p r s s t y f ch ps o".split(),
        strict=True,
    )
)
