"""Words that stand around names: titles before, degrees behind, generations, and the particles inside surnames.

All are compared folded and without dots or blanks (``Ph. D.`` is ``phd``).
"""

from headwater.normalize.text import word_set

TITLES = word_set(
    """
    mr mrs ms miss mx mister madam madame mme mlle monsieur messrs sir dame lord lady dr drs dra doctor prof profa
    professor rev reverend fr father pastor rabbi imam hon honorable honourable sen senator rep representative
    congressman congresswoman gov governor lt ltgov gen col maj capt cpt sgt cmdr adm amb ambassador judge justice
    herr frau hr fru fraulein dipl diplom dipling dipling(fh) diplkfm diplkffr ing ir mag magister univ univprof
    privdoz pd ddr dhc hc med jur phil rernat habil sr sra srta senor senora senorita don dona sig sigra signor
    signora signorina dott dottssa dottore dottoressa avv avvocato arq eng engr adv atty pan pani bc mgr mudr judr
    phdr rndr ingarch smt shri sri kumari datuk dato datin tan puan tuan encik haji the
    """
)
# Also given or family names: a title only where a dot follows or more than two words remain.
SHY_TITLES = word_set(
    """
    don dona pan tan sri med jur phil justice judge father pastor dame lord mag the ing pd mgr sen hon gen sig eng
    kumari imam col shri smt haji dato min
    """
)

# Degrees of three letters or more, and dotted ones: off wherever they stand at the end.
DEGREES = word_set(
    """
    phd dphil mba emba msc bsc bba bcom mcom mphil meng beng btech mtech llb llm jd esq esquire cpa cfa cfp cma cia
    cisa cism cissp pmp csm cspo phr sphr shrmcp shrmscp mph mpa mpp mfa bfa msw lcsw rdn rn bsn msn aprn facs facp
    fache dds dmd dvm pharmd edd med psyd dnp aia leed leedap frcs mrcp frcp acca aca fca fcca cima cipd mcipd fcipd
    mbe obe cbe kbe dsc dba msee bsee msme mseng sixsigma prince2 itil ccie ccna aws cpc crpc chfc clu ricp ea
    enrolledagent cmc gphr gisp ccim sior cre sra mai nmls crs gri realtor cpm mpm ret retired
    """
)
# Nobody's name: known in any spelling.
SURE_DEGREES = word_set("phd dphil mba emba esq cpa llm llb msc bsc pmp cissp dds dvm pharmd psyd facs")
# Two letters: also names (Ma, Do), so only in capitals behind a name that is not, dotted, or after a comma.
SHORT_DEGREES = word_set("ma ba bs ms md do pe jd se dc od rn ra qc kc mp pa np pt ot am ab sm sb")

GENERATIONS = {
    "jr": "Jr.", "jnr": "Jr.", "junior": "Jr.", "sr": "Sr.", "snr": "Sr.", "senior": "Sr.",
    "ii": "II", "iii": "III", "iv": "IV", "2nd": "II", "3rd": "III", "4th": "IV",
    "filho": "Filho", "neto": "Neto", "sobrinho": "Sobrinho", "fils": "fils", "pere": "père",
}  # fmt: skip
# Surnames as well: a generation only behind at least a given name and a surname.
SHY_GENERATIONS = word_set("junior senior filho neto sobrinho fils pere 2nd 3rd 4th")

# They open a surname of several words, however they are written.
PARTICLES = word_set(
    """
    de del dela della delle delli dei degli den der des di do dos das da du d' von vom zu zum zur van vande vander
    vanden ver ter ten te tho la le les lo los las st st. ste saint san santa af av bin bint ibn abu ould ap mac mc
    fitz op 't el al
    """
)
# Particles that stay small when a name in capitals is rewritten.
SMALL_PARTICLES = word_set(
    """
    de del della delle dei degli der den des di do dos das da du von vom zu zum zur van ter ten te y e af av bin ibn
    op la
    """
)
CONJUNCTIONS = frozenset({"y", "i", "e"})

# Mac opens a Scottish name in these; Mack, Macey, Machado and Maciel are others.
MAC_NAMES = word_set(
    """
    macaulay macarthur macbeth maccabe maccallum macdonald macdougall macdowell macduff macfarlane macgregor
    macinnes macintosh macintyre mackay mackenzie mackinnon mackinlay maclachlan maclaren maclean maclellan macleod
    macmahon macmillan macnab macnamara macnaughton macneil macneill macphail macpherson macquarie macrae mactaggart
    """
)
