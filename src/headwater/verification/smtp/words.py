"""What refusals say in words: "no such user" in the languages of mail servers, and what speaks of us instead.

Texts are compared without accents and in lower case. In each language a noun for the mailbox near a word for its
absence, in either order, counts; the two must stand in one clause.
"""

import re
import unicodedata

_ABSENT = (  # nouns, absence
    (
        "user|recipient|mailbox|address|account|alias|addressee|customer|inbox",
        "unknown|not found|not known|no such|does ?n.t exist|does not exist|do not exist|not exist|no longer|"
        "non-?existent|invalid|not valid|not a valid|not have an?|doesn.t have an?|isn.t here|not our|not here|"
        "unavailable|inactive|disabled|deactivated|deleted|closed|terminated|discontinued|undeliverable|unrouteable|"
        "not local|not listed|no valid",
    ),
    (
        "benutzer|empfanger|postfach|mailbox|adresse|konto|teilnehmer",
        "unbekannt|existiert nicht|nicht vorhanden|nicht gefunden|kein|nicht bekannt|ungultig|gibt es nicht",
    ),
    (
        "utilisateur|destinataire|boite|adresse|compte",
        "inconnu|inexistant|n.existe pas|introuvable|invalide|non trouve|aucun",
    ),
    (
        "usuario|destinatario|buzon|cuenta|direccion",
        "desconocid|inexistente|no existe|no encontrad|no se encuentra|no valid|invalid|no es valid",
    ),
    (
        "usuario|utilizador|destinatario|caixa|conta|endereco",
        "desconhecid|inexistente|nao existe|nao encontrad|nao foi encontrad|invalid",
    ),
    ("utente|destinatario|casella|indirizzo|account", "sconosciut|inesistente|non esiste|non trovat|non valid"),
    ("gebruiker|ontvanger|postvak|mailbox|adres", "onbekend|bestaat niet|niet gevonden|ongeldig|bestaat hier niet"),
    ("uzytkownik|odbiorc|skrzynk|konto|konta|adres", "nieznan|nie istnieje|nie znaleziono|nie ma|brak"),
    ("пользовател|получател|ящик|адрес|абонент", "не существует|не наиден|неизвест|нет так|отсутствует|недеиствител"),
    ("користувач|одержувач|скринька|адрес", "не існує|не знаидено|невідом"),
    ("anvandare|mottagare|brevlada|kontot", "finns inte|finns ej|okand|hittades inte|hittas inte"),
    (
        "bruger|modtager|postkasse|bruker|mottaker|kontoen",
        "findes ikke|ukendt|finnes ikke|ukjent|ikke fundet|ikke funnet",
    ),
    ("uzivatel|prijemce|schranka|adresat|pouzivatel|prijemca", "neexistuje|neznam|nenalezen|nenajden"),
    ("korisnik|primatelj|primalac|uporabnik|prejemnik", "ne postoji|nepoznat|ne obstaja|neznan|nije pronaden"),
    ("kullanici|kullanıcı|alici|alıcı|posta kutusu|hesap", "bulunamadi|bulunamadı|yok|bilinmiyor|mevcut degil"),
    ("felhasznalo|cimzett|postafiok", "ismeretlen|nem letezik|nem talalhato"),
    ("utilizator|destinatar|casuta", "necunoscut|inexistent|nu exista|nu a fost gasit"),
    ("kayttaja|vastaanottaja|postilaatikko", "tuntematon|ei loydy|ei loytynyt|ei ole olemassa"),
    ("kasutaja|saaja|postkast", "ei leitud|tundmatu|ei eksisteeri"),
    ("vartotojas|gavejas|lietotajs|sanemejs", "neegzistuoja|nezinomas|nerastas|neeksiste|nezinams|nav atrasts"),
    ("χρηστη|παραληπτη|γραμματοκιβωτιο", "αγνωστ|δεν υπαρχει|δεν βρεθηκε"),
    ("потребител|получател", "не съществува|няма такъв|неизвест"),
    ("nguoi dung|nguoi nhan|hop thu|tai khoan", "khong ton tai|khong tim thay"),
    ("pengguna|penerima|kotak surat|akun", "tidak ditemukan|tidak dikenal|tidak ada|tidak wujud"),
    ("ผู้ใช้|ผู้รับ|กล่องจดหมาย", "ไม่พบ|ไม่มี"),
    ("المستخدم|المستلم|صندوق البريد", "غير موجود|غير معروف|لا يوجد"),
    ("משתמש|נמען|תיבת דואר|תיבת הדואר", "לא קיים|לא קיימת|לא נמצא|לא מוכר"),
    (
        "用户|用戶|收件人|收件者|收信人|使用者|邮箱|郵箱|信箱|帐号|账号|帳號|账户|帐户|帳戶|地址|位址",
        "不存在|无效|無效|未找到|找不到|没有找到|沒有找到|没找到|查无|查無|没有|沒有|无此|無此|未知|不明|已停用|已注销|已禁用",
    ),
    (
        "ユーザ|宛先|受信者|受取人|メールボックス|アカウント|アドレス",
        "存在しません|存在しない|存在致しません|見つかりません|見つからない|見当たりません|不明|無効",
    ),
    ("사용자|수신자|받는 사람|계정|메일함|사서함|주소", "없|존재하지|알 수 없"),
)
# One alternative a line.
_PHRASES = """
no such (?:user|person|local user|domain user|name)
nosuchuser
recipientnotfound
no (?:mailbox|account|one|body) (?:here )?by that name
sorry, no mailbox
unknown in .{0,30}table
addressee unknown
user not local
"""
# Somebody other than the mailbox is meant: the machine that asks, its network, or what might be written.
_POLICY = r"""
\bspam
\brbl\b|dnsbl|\bblock(?:ed|list|ing)?\b|black.?list|deny.?list|\bbanned\b|grey.?list|gray.?list
spamhaus|spamcop|barracuda|sorbs|uceprotect|abuseat|senderbase|senderscore|reputation
\bpolic(?:y|ies)\b|security|administrativ|prohibit|permission|not (?:permitted|allowed|authori[sz]ed)|access denied
rate.?limit|throttl|too (?:many|fast)
sending (?:ip|host|server)|\b(?:ip|host) (?:address )?\[?\d|\bptr\b|reverse dns|rdns
your (?:ip|host|server|network|mail ?server|domain|isp|message|e?-?mail)\b
\bspf\b|dmarc|dkim|authenticat|relay|unsolicited|\bjunk\b|suspicious|malicious
service (?:unavailable|refused)|connection refused
"""
_SENDER = r"""
\bsender\b|mail from\b|callout|verification failed
\b(?:helo|ehlo)\b|client host
"""
# The same elsewhere; "felado" is a word of its own, "المرسل اليه" is who receives.
_POLICY_ABROAD = r"""
(?<![a-z])ip.?(?:адрес|adres|地址|位址|アドレス|주소)|反向|逆引き|(?<![a-z])dns(?![a-z])
richtlinie|politique|politica|политик|策略
bloque|bloccat|bloquead|zablokowan|blokovan|engellen|blokerad|blockerad|geblokkeerd|gesperrt|заблокир
spam|垃圾|黑名单|黑名單|封锁|封鎖|迷惑メール|スパム|拒否リスト|스팸|차단
"""
_SENDER_ABROAD = r"""
absender|expediteur|expeditor|remitente|mittente|remetente|nadawc|afzender|avsandare|afsender|avsender|odesilatel
odosielatel|posiljatelj|gonderen|\bfelado\b|lahettaja|отправител|відправник|подател|αποστολεα
发件人|發件人|发信人|發信人|寄件|发送者|送信者|送信元|差出人|보낸|발신|nguoi gui|pengirim|المرسل(?! اليه)|שולח
"""
_FULL = r"""
(?:mail ?box|user|account|recipient|inbox|maildir|folder|storage|disk|maximum|over|exceed\w*).{0,40}(?:\bfull\b|quota)
quota.{0,20}(?:exceed|full|reached)|\bfull (?:mail)?box|insufficient mailbox|too much mail
(?:postfach|mailbox|posteingang).{0,20}voll\b|boite.{0,20}pleine|buzon.{0,20}lleno|caixa.{0,20}cheia
casella.{0,20}piena|skrzynka.{0,30}pełna|ящик.{0,20}переполнен|邮箱.{0,6}满
"""
_RATE = r"""
(?:receiving|received) (?:e?-?mail|messages) (?:at a rate|too (?:quickly|fast))
at a rate that
"""
# The address is repeated in many replies, and "spam@" or "unknown@" in it must not be taken for the server's words.
_ECHO = re.compile(r"\S*@\S*")


def _plain(text: str) -> str:
    """Lower case and without accents, whatever the script."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", "".join(char for char in apart if not unicodedata.combining(char)))


def _near(nouns: str, absence: str) -> str:
    nouns, absence = _plain(nouns), _plain(absence)
    return rf"(?:{nouns})[^.;:!]{{0,40}}?(?:{absence})|(?:{absence})[^.;:!]{{0,25}}?(?:{nouns})"


def _any(*lines: str) -> re.Pattern[str]:
    return re.compile("|".join(alternative for line in lines for alternative in line.split("\n") if alternative))


_unknown = _any(_PHRASES, *(_near(*words) for words in _ABSENT)).search
_sender = _any(_SENDER, _plain(_SENDER_ABROAD)).search
_policy = _any(_POLICY, _plain(_POLICY_ABROAD), _SENDER, _plain(_SENDER_ABROAD)).search
_full = _any(_FULL).search
_rate = _any(_RATE).search


def fold(text: str) -> str:
    """Lower case, no accents, no addresses."""
    return " ".join(_ECHO.sub(" ", _plain(text)).split())


def names_unknown_user(folded: str) -> bool:
    return _unknown(folded) is not None


def speaks_of_policy(folded: str) -> bool:
    return _policy(folded) is not None


def speaks_of_sender(folded: str) -> bool:
    return _sender(folded) is not None


def says_full(folded: str) -> bool:
    return _full(folded) is not None


def says_too_often(folded: str) -> bool:
    return _rate(folded) is not None
