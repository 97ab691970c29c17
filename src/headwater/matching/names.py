"""Given names that are used for one another. A later issue widens this small table by languages and scripts."""

from headwater.normalize import fold
from headwater.records import Contact

_GROUPS = """
abigail abby; albert al bert; alexander alex; alexandra alex sandra; alfred fred; andrew andy drew; anthony tony;
barbara barb; benjamin ben; catherine kate cathy; charles charlie chuck; christina tina chris; christine chris;
christopher chris; cynthia cindy; daniel dan danny; david dave; deborah deb debbie; donald don; dorothy dot;
edward ed eddie ted; elizabeth liz beth betty; eugene gene; frances fran; francis frank; franklin frank;
frederick fred; gabriel gabe; george georgie; gerald jerry; gregory greg; harold hal harry; henry hank; jacob jake;
james jim jimmy; jeffrey jeff; jennifer jen jenny; jessica jess; john jack; jonathan jon; joseph joe; joshua josh;
katherine kate kathy; kenneth ken; kimberly kim; lawrence larry; leonard len; louis lou; margaret maggie peggy meg;
matthew matt; michael mike; mitchell mitch; nathaniel nate; nicholas nick; pamela pam; patricia pat patty trish;
patrick pat; peter pete; philip phil; raymond ray; rebecca becky; richard rick dick rich; robert bob bobby rob;
ronald ron; samantha sam; samuel sam; sandra sandy; stephen steve; steven steve; susan sue; theodore ted teddy;
thomas tom; timothy tim; victoria vicky; vincent vince; walter walt; william bill billy will; zachary zach
"""

_CANONICAL: dict[str, frozenset[str]] = {}
for _group in _GROUPS.split(";"):
    _formal, *_short = _group.split()
    for _name in (_formal, *_short):
        _CANONICAL[_name] = _CANONICAL.get(_name, frozenset()) | {_formal}


def canonical(name: str) -> frozenset[str]:
    """The formal names that a folded given name may stand for; itself when it is in no group."""
    return _CANONICAL.get(name, frozenset({name}))


def given_names(contact: Contact) -> set[str]:
    """Every formal given name by which a contact may be called, folded: from the first name and the nickname."""
    given = [fold(name) for name in (contact.first_name, contact.nickname) if name]
    return {formal for name in given if name for formal in canonical(name)}
