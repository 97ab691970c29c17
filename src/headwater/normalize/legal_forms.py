"""Legal forms of companies, folded and without blanks (``S.A. de C.V.`` is ``sadecv``), by country.

An own list, written from the forms' statutes and everyday abbreviations; group words that carry meaning (Group,
Holding, Bank, Partners) are no legal forms and stay.
"""

from headwater.normalize.text import word_set

_BY_COUNTRY = {
    "US": """
        inc incorporated corp corporation co company llc lllp llp lp pllc pc plc ltd limited
        limitedliabilitycompany pbc na
    """,
    "GB": """
        ltd limited plc llp cic publiclimitedcompany limitedliabilitypartnership coltd coplc andcoltd
        companylimited
    """,
    "IE": "dac clg ulc teo teoranta cpt",
    "CA": "ltee limitee inc ulc enr senc",
    "AU NZ": "ptyltd ptylimited proprietarylimited pty propltd",
    "ZA": "ptyltd rf npc soc",
    "IN": "pvtltd privatelimited pvtlimited privateltd pvt opc opcpvtltd llp publiclimited",
    "PK BD LK": "pvtltd smcpvtltd",
    "SG MY": "pteltd pte privatelimited sdnbhd bhd sendirianberhad berhad",
    "ID": "tbk perseroterbatas",
    "HK CN TW": "coltd companylimited coltdhk jsc groupcoltd colimited",
    "JP": "kk gk yk kabushikikaisha godokaisha yugenkaisha coltd",
    "KR": "coltd jusighoesa chusikhoesa",
    "TH VN PH": "pcl publiccompanylimited coltd jsc jointstockcompany opc",
    "DE AT CH": """
        gmbh ggmbh mbh ag se kg ohg gbr ug ughaftungsbeschrankt ughaftungsbeschraenkt haftungsbeschrankt ek
        ekfr ev eg kgaa gmbhcokg gmbhandcokg gmbhundcokg agcokg agandcokg agundcokg gmbhcokgaa gmbhandcokgaa
        secokgaa seandcokgaa ugcokg ugandcokg cokg andcokg undcokg coohg gesmbh gesellschaftmbh
        gesellschaftmitbeschrankterhaftung aktiengesellschaft kommanditgesellschaft
        eingetragenergenossenschaft stiftungcokg partg partgmbb
    """,
    "FR": """
        sa sas sasu sarl eurl sci snc scop selarl scs sca gie societeanonyme societearesponsabilitelimitee
        etcie cie
    """,
    "BE": "sprl bvba srl sa nv asbl vzw cvba scrl commv",
    "NL": "bv nv vof cv besloten beslotenvennootschap naamlozevennootschap stichting cooperatie ua holdingbv",
    "LU": "sarl sa secs scsp sicav",
    "ES": "sa sl slu sau sll sociedadanonima sociedadlimitada scoop cb slp slpu scp",
    "PT": "lda sa unipessoal unipessoallda sociedadeunipessoallda sgps",
    "BR": "ltda sa me mei epp eireli cialtda sociedadeanonima",
    "MX": "sadecv sabdecv sapidecv sderldecv srldecv sapi sc ac sofom sofomenr decv sab",
    "AR CL CO PE": "sa srl sas spa saic sac saa eirl ltda sacifi scrl saci cia",
    "IT": "spa srl srls sas snc scarl scrl sapa societaperazioni soccoop socooparl coop",
    "CH": "sagl gmbh ag",
    "SE": "ab publ abpubl hb kb aktiebolag",
    "NO": "as asa ans da sa",
    "DK": "as aps is ks amba aktieselskab anpartsselskab",
    "FI": "oy oyj ab oyab ky tmi osakeyhtio",
    "IS": "ehf hf ohf slhf",
    "EE LV LT": "ou as sia uab ab mb ik",
    "PL": "spzoo spzook sa spj spk spolkazoo spolkazograniczonaodpowiedzialnoscia spolkaakcyjna sc psa",
    "CZ SK": "sro as spolsro vos ks akciovaspolecnost",
    "HU": "kft zrt nyrt bt rt kkt",
    "RO": "srl sa srld pfa",
    "BG": "ood ad eood ead",
    "HR RS SI BA": "doo dd jdoo ad",
    "GR CY": "ae ee epe ike anonymietairia",
    "RU UA KZ BY": "ooo oao zao pao ao too llp tov prat pat jsc ojsc pjsc cjsc",
    "TR": "as ltdsti anonimsirketi limitedsirketi sti",
    "IL": "ltd bm",
    "AE SA": "fze fzco fzllc fzc dmcc wll pjsc psc llcspc llcfz est",
    "EG MA TN": "sae sarlau",
    "NG KE": "plc ltd nigeriaplc",
    "EU": "se sce eeig",
}

TRAILING = frozenset(form for forms in _BY_COUNTRY.values() for form in forms.split()) - {
    "is",
    "coop",
    "ac",
    "ae",
    "ee",
}
"""Forms that stand behind a name."""

LEADING = word_set(
    "the firma kabushikikaisha yugenkaisha godokaisha stichting ooo oao zao uab societeanonyme spzoo pjsc"
)
"""Words that stand before a name whatever their case."""

LEADING_CAPITALS = word_set("ab as pt cv kk sia ao pao too tov sarl sas sci eurl ou oy ik ip sc mb")
"""Forms before a name only where they stand in capitals beside a name that does not (``AB Volvo``, ``PT Astra``)."""

UNSPACED = (
    "株式会社", "(株)", "有限会社", "(有)", "合同会社", "(同)", "合資会社", "一般社団法人",
    "股份有限公司", "有限责任公司", "有限責任公司", "有限公司", "集团", "주식회사", "(주)", "유한회사",
    "公司",
)  # fmt: skip
"""Forms written without a blank; compatibility forms (``㈱``) are already spelled out."""

LONGEST = 6
