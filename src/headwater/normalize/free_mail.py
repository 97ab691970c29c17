"""Mail providers for everybody: a mailbox there says nothing about the employer."""

import re
from functools import lru_cache

from headwater.normalize.text import word_set

_BRANDS_ANY_COUNTRY = "gmail|googlemail|yahoo|ymail|rocketmail|hotmail|live|outlook|msn|gmx|yandex|aol"

_BY_NAME = word_set(
    """
    126.com 139.com 163.com 163.net 189.cn 21cn.com abv.bg aim.com aliyun.com alice.it aon.at arcor.de att.net
    bellsouth.net bigpond.com bigpond.net.au bk.ru blueyonder.co.uk bluewin.ch bol.com.br btinternet.com caiway.nl
    centrum.cz charter.net chello.nl clear.net.nz comcast.net cox.net daum.net duck.com earthlink.net eircom.net
    email.com email.cz email.it fastmail.com fastmail.fm foxmail.com free.fr freenet.de freemail.hu frontier.com
    fuse.net globo.com globomail.com gmx.net gmx.at gmx.ch gmx.de hanmail.net hey.com home.nl hushmail.com
    icloud.com ig.com.br iinet.net.au inbox.com inbox.lv inbox.ru indiatimes.com inwind.it juno.com kabelmail.de
    kpnmail.nl laposte.net libero.it list.ru lycos.com mac.com mail.bg mail.com mail.de mail.ee mail.ru mailbox.org
    me.com mindspring.com nate.com naver.com neuf.fr netscape.net netzero.net ntlworld.com o2.pl online.de onet.pl
    op.pl optimum.net optonline.net optusnet.com.au orange.fr pacbell.net planet.nl pm.me poczta.onet.pl posteo.de
    posteo.net prodigy.net protonmail.com protonmail.ch proton.me qq.com r7.com rambler.ru rediffmail.com
    roadrunner.com rogers.com sapo.pt sbcglobal.net seznam.cz sfr.fr shaw.ca sina.cn sina.com skynet.be sky.com
    sohu.com sympatico.ca t-online.de talktalk.net tele2.nl telenet.be telia.com telus.net terra.com.br tin.it
    tiscali.co.uk tiscali.it tlen.pl tutanota.com tuta.io uol.com.br ukr.net verizon.net videotron.ca virgilio.it
    virgin.net virginmedia.com volny.cz wanadoo.fr web.de windstream.net wp.pl xtra.co.nz zoho.com zohomail.com
    zonnet.nl ziggo.nl ya.ru yeah.net interia.pl mynet.com walla.co.il walla.com outlook.com.br yahoo.com.br
    myyahoo.com passport.com windowslive.com googlemail.com
    """
)
# A brand under any country's ending: yahoo.co.uk, hotmail.fr, outlook.com.br, gmx.net.
_BY_BRAND = re.compile(rf"(?:{_BRANDS_ANY_COUNTRY})\.(?:com|net|[a-z]{{2}}|(?:com?)\.[a-z]{{2}})")


@lru_cache(1 << 14)
def is_free_mail(host: str) -> bool:
    """Say whether anybody can have a mailbox at this host (lower-case ASCII), so that it names no employer."""
    return host in _BY_NAME or _BY_BRAND.fullmatch(host) is not None
