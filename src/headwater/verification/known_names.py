"""Names that we vouch for: large public mail providers, services that hide an address, mailboxes of functions.

They are short on purpose. The long tail comes from packages; these are here because lists of disposable domains copy
from one another and carry real providers by mistake, and because no package ships role names or alias services.
"""

_FAMILIES = {
    "yahoo": "com co.uk co.in co.jp co.id co.th com.ar com.au com.br com.hk com.mx com.ph com.sg com.tw com.vn "
    "ca de dk es fr gr ie in it no pl ro se",
    "hotmail": "com co.uk co.jp co.th com.ar com.br be ca cl de dk es fi fr gr it nl no se",
    "live": "com co.uk com.au com.ar com.mx be ca cl cn de dk fr ie in it nl no ru se",
    "outlook": "com com.ar com.au com.br co.th at be cl cz de dk es fr ie in it jp kr pt sa sg",
    "gmx": "com net de at ch fr es co.uk us",
    "yandex": "com ru by kz ua com.tr",
    "aol": "com co.uk de fr it",
    "zoho": "com eu in",
    "mailbox": "org",
    "tutanota": "com de",
    "tuta": "com io",
    "fastmail": "com fm net org",
    "terra": "com com.br es",
    "sapo": "pt",
}
_SINGLE = """
gmail.com googlemail.com ymail.com rocketmail.com msn.com passport.com windowslive.com icloud.com me.com mac.com
aim.com proton.me protonmail.com protonmail.ch pm.me hey.com hushmail.com tutamail.com keemail.me runbox.com posteo.de
posteo.net mail.com email.com usa.com web.de t-online.de freenet.de arcor.de online.de mail.de bluewin.ch sunrise.ch
hispeed.ch mail.ru bk.ru list.ru inbox.ru internet.ru ya.ru rambler.ru ukr.net i.ua qq.com foxmail.com 163.com 126.com
yeah.net sina.com sina.cn sohu.com aliyun.com 139.com 189.cn naver.com daum.net hanmail.net nate.com kakao.com
docomo.ne.jp ezweb.ne.jp softbank.ne.jp nifty.com excite.co.jp rediffmail.com rediff.com indiatimes.com
orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr bbox.fr numericable.fr libero.it virgilio.it tiscali.it
alice.it tin.it inwind.it iol.it wp.pl o2.pl onet.pl onet.eu op.pl interia.pl interia.eu gazeta.pl poczta.fm tlen.pl
seznam.cz email.cz centrum.cz azet.sk zoznam.sk freemail.hu citromail.hu abv.bg mail.bg telefonica.net comcast.net
verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net earthlink.net juno.com netzero.net optonline.net
rogers.com shaw.ca sympatico.ca telus.net videotron.ca bell.net btinternet.com virginmedia.com ntlworld.com sky.com
talktalk.net blueyonder.co.uk tiscali.co.uk eircom.net bigpond.com bigpond.net.au optusnet.com.au iinet.net.au
tpg.com.au xtra.co.nz telenet.be skynet.be ziggo.nl kpnmail.nl planet.nl home.nl hetnet.nl xs4all.nl telia.com
bredband.net online.no uol.com.br bol.com.br ig.com.br globo.com walla.co.il walla.com netvision.net.il mweb.co.za
vodamail.co.za telkomsa.net
"""
_ALIASES = """
simplelogin.com simplelogin.fr simplelogin.co simplelogin.io aleeas.com slmails.com silomails.com slmail.me
mozmail.com duck.com privaterelay.appleid.com anonaddy.com anonaddy.me addy.io relay.firefox.com passmail.net
passinbox.com passfwd.com
"""
_ROLES = """
abuse accounting accounts admin administrator admissions all all-staff api ar ap billing board booking bookings
business career careers ceo cfo claims comms communication communications compliance contact contactus contact-us
customer-care customercare customer-service customerservice customer-support cto dev developers devops devnull
do-not-reply donotreply editor editorial email employment enquiries enquiry events everyone facilities feedback
finance founders fraud ftp general hello help helpdesk help-desk hi hostmaster hr human-resources info information
inquiries inquiry investor-relations investors invoice invoices invoicing it it-support jobs legal list list-request
mail mailbox mailer-daemon maintenance management marketing media membership news newsletter no-reply noc noreply
office operations ops order orders partner partners partnerships payments payroll people pr press privacy procurement
purchasing recruiter recruiting recruitment registrar remove reservations root sales sales-team security service
services shop spam staff subscribe support sysadmin team tech technical techsupport tech-support usenet unsubscribe
uucp vendors webmaster welcome www postmaster hotline reception kontakt buchhaltung bewerbung verkauf vertrieb accueil
comptabilite contacto ventas empleo
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ALIAS_SERVICES = _words(_ALIASES)
FREE = _words(_SINGLE) | {f"{name}.{top}" for name, tops in _FAMILIES.items() for top in tops.split()}
ROLES = _words(_ROLES)
