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
    ("anvandare|mottagare|brevlada", "finns inte|okand|hittades inte"),
    ("bruger|modtager|postkasse|bruker|mottaker", "findes ikke|ukendt|finnes ikke|ukjent"),
    ("uzivatel|prijemce|schranka|adresat", "neexistuje|neznam|nenalezen"),
    ("kullanici|kullanıcı|alici|alıcı|posta kutusu", "bulunamadi|bulunamadı|yok|bilinmiyor|mevcut degil"),
    ("felhasznalo|cimzett|postafiok", "ismeretlen|nem letezik|nem talalhato"),
    ("utilizator|destinatar|casuta", "necunoscut|inexistent|nu exista"),
    ("kayttaja|vastaanottaja|postilaatikko", "tuntematon|ei loydy|ei ole olemassa"),
    ("χρηστη|παραληπτη", "αγνωστ|δεν υπαρχει|δεν βρεθηκε"),
    ("用户|收件人|邮箱|帐号|账号|账户|地址|使用者|收信人", "不存在|无效|未找到|查无|沒有|没有|無此|无此"),
    ("ユーザ|宛先|受信者|メールボックス|アカウント|アドレス", "存在しません|存在しない|見つかりません|不明"),
    ("사용자|수신자|계정|메일함|주소", "없|존재하지"),
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
richtlinie|politique|politica|bloque|bloccat|bloquead|zablokowan|заблокир|политик|спам|垃圾|黑名单|스팸|차단
absender|expediteur|remitente|mittente|remetente|nadawc|отправител|发件人|送信者
"""
_SENDER = r"""
\bsender\b|mail from\b|callout|verification failed
\b(?:helo|ehlo)\b|client host
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
_sender = _any(_SENDER).search
_policy = _any(_POLICY, _SENDER).search
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
