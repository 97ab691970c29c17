"""Word tables of the made-up world. All of them were typed for this package; nobody in them is a real person."""


def _words(text: str) -> tuple[str, ...]:
    """The words of a block; a block with bars is split at the bars, so that a name may hold blanks."""
    joined = " ".join(text.split())
    return tuple(word.strip() for word in joined.split("|" if "|" in joined else " ") if word.strip())


FIRST: dict[str, tuple[str, ...]] = {
    "en": _words("""\
        James Robert John Michael David William Richard Joseph Thomas Charles Christopher Daniel Matthew Anthony
        Mark Steven Paul Andrew Joshua Kenneth Kevin Brian George Edward Ronald Timothy Jason Jeffrey Ryan Jacob
        Gary Nicholas Eric Jonathan Stephen Benjamin Samuel Gregory Alexander Patrick Frank Raymond Dennis Peter
        Henry Mary Patricia Jennifer Linda Elizabeth Barbara Susan Jessica Sarah Karen Lisa Nancy Margaret Sandra
        Ashley Emily Kimberly Donna Michelle Carol Amanda Melissa Deborah Stephanie Rebecca Laura Cynthia Kathleen
        Amy Angela Emma Nicole Helen Samantha Katherine Christine Rachel Victoria Olivia Grace Hannah Priya Wei
        Aisha
        """),
    "fr": _words("""\
        Pierre Jean-Pierre Michel François Jean-Luc Philippe Nicolas Stéphane Christophe Sébastien Frédéric Julien
        Olivier Thierry Benoît Jérôme Rémi Étienne Mathieu Guillaume Antoine Loïc Marie Nathalie Isabelle Sylvie
        Françoise Céline Aurélie Sophie Hélène Chloé Amélie Anne-Sophie Marie-Claire Valérie Élodie Camille Inès
        Maëlle
        """),
    "de": _words("""\
        Jürgen Günter Wolfgang Klaus Jörg Stefan Thomas Andreas Matthias Sebastian Tobias Florian Björn Sören
        Ulrich Karl-Heinz Hans-Peter Dieter Uwe Lukas Ursula Sabine Petra Monika Birgit Katrin Anja Jana Heike
        Käthe Bärbel Ann-Kathrin Friederike Annika Johanna Franziska
        """),
    "es": _words("""\
        José Francisco Manuel Antonio Jesús Javier Ángel Óscar Raúl Íñigo Álvaro Sergio Andrés Rubén Iván Begoña
        María Carmen Lucía Concepción Rocío Inés Mónica Belén Noelia Pilar Sofía Nuria Marta
        """),
    "nl": _words("""\
        Jan Pieter Willem Joost Sander Maarten Bram Daan Thijs Koen Ruud Anouk Femke Sanne Lotte Marieke Fleur
        Maud Iris Wouter
        """),
    "se": _words("""\
        Björn Åsa Göran Håkan Sören Örjan Lars Anders Märta Malin Annika Karin Jönas Elin Linnéa Östen Petra
        """),
    "ie": _words("""\
        Seán Ciarán Pádraig Eoin Cormac Niall Declan Siobhán Aoife Niamh Róisín Gráinne Máire Orla Fionnuala Liam
        """),
}
LAST: dict[str, tuple[str, ...]] = {
    "en": _words("""\
        Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Taylor Thomas Moore Jackson Martin
        Thompson White Harris Clark Lewis Robinson Walker Young Allen King Wright Scott Hill Green Adams Nelson
        Baker Hall Campbell Mitchell Carter Roberts Turner Phillips Parker Evans Edwards Collins Stewart Morris
        Murphy Cook Rogers Morgan Cooper Reed Bailey Bell Kelly Howard Ward Cox Richardson Wood Watson Brooks
        Bennett Gray Hughes Price Myers Long Foster Sanders Ross Powell Sullivan Russell Jenkins Perry Butler
        Barnes Fisher Henderson Coleman Simmons Patterson Jordan Reynolds Hamilton Graham Wallace Woods Cole West
        Owens Marshall Ashworth Blackwood Chen Patel Nguyen Kim Singh Okafor Mensah Rahman Kowalski Novak
        Smith-Jones Taylor-Reed
        """),
    "fr": _words("""\
        Martin|Bernard|Dubois|Thomas|Robert|Petit|Durand|Leroy|Moreau|Simon|Laurent|Lefèvre|Michel|Garnier|Roux|
        David|Bertrand|Morel|Fournier|Girard|Bonnet|Dupont|Lambert|Fontaine|Rousseau|Muller|Mercier|Blanc|
        Guérin|Boyer|Chevalier|François|Legrand|Gauthier|Perrin|Béranger|de La Tour|Le Goff|d'Arcy|du Plessis|
        Côté|Lévêque
        """),
    "de": _words("""\
        Müller|Schmidt|Schneider|Fischer|Weber|Meyer|Wagner|Becker|Schulz|Hoffmann|Schäfer|Koch|Bauer|Richter|
        Klein|Wolf|Schröder|Neumann|Schwarz|Zimmermann|Braun|Krüger|Hofmann|Hartmann|Lange|Krause|Lehmann|
        Köhler|Maier|Groß|von Berg|von der Heide|zu Linden|Weiß|Jäger|Größ|Müller-Lüdenscheidt
        """),
    "es": _words("""\
        García|Rodríguez|González|Fernández|López|Martínez|Sánchez|Pérez|Gómez|Martín|Jiménez|Ruiz|Hernández|
        Díaz|Moreno|Muñoz|Álvarez|Romero|Navarro|Torres|de la Cruz|de la Fuente|García López|Núñez Vela|Ibáñez|
        Peña
        """),
    "nl": _words("""\
        de Jong|Jansen|de Vries|van den Berg|van Dijk|Bakker|Janssen|Visser|Smit|Meijer|de Boer|Mulder|
        van der Meer|Bos|van der Veen|Peters|Hendriks|van Leeuwen|Dekker|'t Hart
        """),
    "se": _words("""\
        Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson Lindström Björk Åberg Öberg
        Sjöberg Lindqvist Hägg
        """),
    "ie": _words("""\
        O'Brien|O'Connor|O'Neill|O'Sullivan|Byrne|Ryan|McCarthy|Gallagher|Doherty|Kennedy|Lynch|Murray|Quinn|
        MacNamara|Fitzgerald|Ó Súilleabháin
        """),
}
# Nickname -> formal name. Only pairs on which nobody would argue.
NICKNAMES: dict[str, str] = {
    nick: formal
    for nick, _, formal in (
        pair.partition(":")
        for pair in _words("""\
        bob:robert rob:robert bobby:robert bill:william will:william billy:william mike:michael jim:james
        jimmy:james dave:david rick:richard tom:thomas tommy:thomas chuck:charles charlie:charles
        chris:christopher dan:daniel danny:daniel matt:matthew tony:anthony steve:steven andy:andrew josh:joshua
        ken:kenneth ed:edward eddie:edward tim:timothy jeff:jeffrey jake:jacob nick:nicholas jon:jonathan
        ben:benjamin sam:samuel greg:gregory alex:alexander ray:raymond pete:peter patty:patricia jen:jennifer
        jenny:jennifer liz:elizabeth beth:elizabeth sue:susan maggie:margaret peggy:margaret steph:stephanie
        becky:rebecca cindy:cynthia kathy:kathleen kate:katherine katie:katherine vicky:victoria deb:deborah
        debbie:deborah mandy:amanda joe:joseph pepe:jose paco:francisco manu:manuel fred:frederic seb:sebastien
        """)
    )
}
SALUTATIONS = frozenset(
    _words("""\
    dame dipl dr frau herr hon ing miss mlle mme mr mrs ms prof professor rev sir
    """)
)
SUFFIXES = frozenset(
    _words("""\
    bsc cpa esq ii iii iv jr mba md msc phd pmp sr
    """)
)

COMPANY_FIRST = _words("""\
    Bright North Silver Oak Stone River Maple Iron Blue Clear High Ever Glen Hazel Lark Moss Pine Quill Red Sand
    Thorn Under Vale Wind Amber Birch Copper Dawn Elm Fern Gold Harbor Ivy Juniper Kestrel Lime Mill Nettle Osprey
    Pebble
    """)
COMPANY_SECOND = _words("""\
    water field bridge gate ridge wood haven ford brook crest dale port hill marsh moor mere point shore spring
    stead wick worth well view vale tree stone side run reach park nest mount march light land keep hurst
    """)
COMPANY_SECTOR: tuple[tuple[str, str], ...] = (
    ("Logistics", "Transportation & Logistics"), ("Software", "Software"), ("Analytics", "Software"),
    ("Foods", "Food Production"), ("Energy", "Energy"), ("Capital", "Financial Services"),
    ("Insurance", "Insurance"), ("Robotics", "Machinery"), ("Medical", "Medical Devices"),
    ("Pharma", "Pharmaceuticals"), ("Consulting", "Management Consulting"), ("Legal", "Law Practice"),
    ("Media", "Media Production"), ("Retail", "Retail"), ("Textiles", "Textiles"), ("Paper", "Packaging"),
    ("Construction", "Construction"), ("Architects", "Architecture & Planning"), ("Travel", "Leisure & Travel"),
    ("Telecom", "Telecommunications"), ("Security", "Computer & Network Security"), ("Learning", "E-learning"),
    ("Agritech", "Farming"), ("Marine", "Maritime"),
)  # fmt: skip
LEGAL_FORMS: dict[str, tuple[str, ...]] = {
    "US": ("Inc.", "LLC", "Corp.", "Co."), "CA": ("Inc.", "Ltd."), "GB": ("Ltd", "Limited", "PLC"),
    "FR": ("SAS", "SARL", "S.A."), "DE": ("GmbH", "AG", "GmbH & Co. KG"), "SE": ("AB",), "IE": ("Ltd", "DAC"),
    "AU": ("Pty Ltd",), "ES": ("S.L.", "S.A."), "NL": ("B.V.", "N.V."),
}  # fmt: skip
LEGAL_WORDS = frozenset(
    _words("""\
    ab ag aps as bv co company corp corporation dac gmbh group holding holdings inc kg limited llc ltd nv oy plc
    pty sa sarl sas sl spa srl the
    """)
)
COUNTRIES: tuple[tuple[str, float], ...] = (
    ("US", 0.34), ("GB", 0.17), ("FR", 0.13), ("DE", 0.13), ("SE", 0.05), ("IE", 0.04), ("AU", 0.04), ("CA", 0.04),
    ("ES", 0.03), ("NL", 0.03),
)  # fmt: skip
COUNTRY_NAMES = {
    "US": "United States", "GB": "United Kingdom", "FR": "France", "DE": "Germany", "SE": "Sweden", "IE": "Ireland",
    "AU": "Australia", "CA": "Canada", "ES": "Spain", "NL": "Netherlands",
}  # fmt: skip
CULTURE = {"US": "en", "GB": "en", "AU": "en", "CA": "en", "FR": "fr", "DE": "de", "SE": "se", "IE": "ie", "ES": "es",
           "NL": "nl"}  # fmt: skip
CITIES: dict[str, tuple[tuple[str, str], ...]] = {
    "US": (
        ("Denver", "Colorado"), ("Austin", "Texas"), ("Portland", "Oregon"), ("Columbus", "Ohio"),
        ("Boston", "Massachusetts"),
    ),
    "GB": (
        ("Leeds", "England"), ("Bristol", "England"), ("Glasgow", "Scotland"), ("London", "England"),
    ),
    "FR": (
        ("Lyon", "Auvergne-Rhône-Alpes"), ("Nantes", "Pays de la Loire"), ("Lille", "Hauts-de-France"),
    ),
    "DE": (
        ("Leipzig", "Saxony"), ("Hamburg", "Hamburg"), ("Köln", "North Rhine-Westphalia"),
    ),
    "SE": (
        ("Göteborg", "Västra Götaland"), ("Uppsala", "Uppsala"),
    ),
    "IE": (
        ("Cork", "Munster"), ("Galway", "Connacht"),
    ),
    "AU": (
        ("Brisbane", "Queensland"), ("Perth", "Western Australia"),
    ),
    "CA": (
        ("Calgary", "Alberta"), ("Halifax", "Nova Scotia"),
    ),
    "ES": (
        ("Valencia", "Valencia"), ("Bilbao", "Basque Country"),
    ),
    "NL": (
        ("Utrecht", "Utrecht"), ("Groningen", "Groningen"),
    ),
}  # fmt: skip
TITLES: tuple[tuple[str, str, str], ...] = (  # title, seniority, department
    ("Chief Executive Officer", "c_suite", "executive"), ("Chief Financial Officer", "c_suite", "finance"),
    ("Chief Technology Officer", "c_suite", "it"), ("VP of Sales", "vp", "sales"), ("VP Marketing", "vp", "marketing"),
    ("VP of Engineering", "vp", "it"), ("Director of Operations", "director", "operations"),
    ("Head of People", "head", "hr"), ("Finance Director", "director", "finance"), ("IT Director", "director", "it"),
    ("Sales Manager", "manager", "sales"), ("Marketing Manager", "manager", "marketing"),
    ("Account Executive", "entry", "sales"), ("Account Manager", "senior", "sales"),
    ("Software Engineer", "senior", "it"), ("Senior Software Engineer", "senior", "it"),
    ("Product Manager", "manager", "it"), ("HR Business Partner", "senior", "hr"),
    ("Procurement Manager", "manager", "operations"), ("Legal Counsel", "senior", "legal"),
    ("Operations Analyst", "entry", "operations"), ("Customer Success Manager", "manager", "support"),
    ("Business Development Manager", "manager", "sales"), ("Office Manager", "entry", "operations"),
)  # fmt: skip
FREE_MAIL = frozenset(
    _words("""\
    aol.com att.net btinternet.com comcast.net eircom.net free.fr gmail.com gmx.com gmx.de gmx.net googlemail.com
    hotmail.co.uk hotmail.com hotmail.fr icloud.com kpnmail.nl laposte.net live.com mail.com me.com msn.com
    orange.fr outlook.com proton.me protonmail.com t-online.de telia.com verizon.net wanadoo.fr web.de yahoo.co.uk
    yahoo.com yahoo.fr yandex.com ziggo.nl zoho.com
    """)
)
DISPOSABLE = frozenset(
    _words("""\
    10minutemail.com guerrillamail.com mailinator.com tempmail.dev trashmail.com yopmail.com
    """)
)
ROLES = ("info", "contact", "sales", "support", "admin", "postmaster", "hello", "office", "abuse", "jobs")
