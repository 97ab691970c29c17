"""Servers that do speak about the mailbox, each in its own words."""

from collections.abc import Mapping

from tests.verification.smtp_behaviours.server import Habit, Says, bye
from tests.verification.smtp_behaviours.truth import (
    ANNA,
    BERT,
    GONE,
    LOST,
    PLAIN,
    Behaviour,
    Probe,
    catch_all,
    dead,
    full,
    hidden,
    live,
    one,
)

_OK = "250 2.1.5 Ok"


def _unknown(name: str, text: Says, probes: tuple[Probe, ...] = PLAIN) -> Behaviour:
    """A truthful server and its words for a mailbox that is not there."""
    return one(f"gone_{name}", lambda: Habit(unknown=text), probes)


def _languages(name: str, **texts: bytes) -> Behaviour:
    """One server, a dead mailbox for each language, bare 550 and no enhanced code."""
    boxes: Mapping[str, Says] = {ANNA: _OK} | {f"gone.{each}": text + b"\r\n" for each, text in texts.items()}
    probes = live() + dead(*(f"gone.{each}" for each in texts))
    return one(f"gone_in_{name}", lambda: Habit(boxes=boxes, unknown="550 User unknown"), probes)


# The words may mean the mailbox or the caller. The stranger's name that would tell a catch-all hears them too.
_AMBIGUOUS = live(weaker="unknown risky") + dead(weaker="unknown")

BOXES = (
    one("decent", Habit, live(ANNA, BERT) + dead(GONE, LOST)),
    # words for "no such mailbox"
    _unknown("bare", "550 No such user here"),
    _unknown("not_found", "550 Mailbox not found"),
    _unknown("invalid_recipient", "550 Invalid recipient <{to}>"),
    _unknown("no_account", "554 delivery error: This user doesn't have an account here ({to}) [-5]"),
    _unknown("does_not_exist", "550 5.1.1 <{to}> recipient does not exist"),
    _unknown("of_gmail", "550 5.1.1 The email account that you tried to reach does not exist. Please try\n5.1.1 "
             "double-checking the recipient's email address for typos\n5.1.1 https://support.google.com - gsmtp"),
    _unknown("of_qmail", "550 sorry, no mailbox here by that name (#5.1.1 - chkuser)"),
    _unknown("of_microsoft", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281) "
             "[BN8NAM11FT066.eop-nam11.prod.protection.outlook.com]"),
    _unknown("of_exchange", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"),
    _unknown("of_exchange_without_a_number", "550 5.4.1 Recipient address rejected: Access denied"),
    _unknown("of_ironport", "550 #5.1.0 Address rejected.", _AMBIGUOUS),
    _unknown("undeliverable_of_postfix", "550 5.1.1 <{to}>: Recipient address rejected: undeliverable address: host "
             "192.0.2.9[192.0.2.9] said: 550 5.1.1 User unknown (in reply to RCPT TO command)"),
    _unknown("syntax", "501 5.1.3 Bad recipient address syntax", _AMBIGUOUS),
    _unknown("and_hung_up_at_once", bye(b"550 5.1.1 User unknown\r\n421 4.3.2 Shutting down\r\n"), _AMBIGUOUS),
    # the text quotes names that sound like a verdict
    one("gone_at_a_domain_with_a_bad_name", lambda: Habit(unknown="550 No such user <{to}>"),
        label="spam-policy-blocked-rbl"),
    one("refuses_a_name_like_a_verdict", lambda: Habit(boxes={}, unknown="550 <{to}>: rejected"),
        hidden("user.unknown", "no-such-user"), phase="rcpt"),
    _unknown("in_571", "550 5.7.1 <{to}>: Recipient address rejected: unknown user"),
    _unknown("553", "553 5.1.3 <{to}>: Invalid mailbox name"),
    _unknown("551_moved", "551 5.1.6 Recipient no longer on this server"),
    _unknown("551_not_local", "551 User not local; please try <{to}>", _AMBIGUOUS),
    _unknown("unrouteable_of_exim", "550 Unrouteable address", _AMBIGUOUS),
    _unknown("unavailable", "550 Requested action not taken: mailbox unavailable", _AMBIGUOUS),
    _unknown("takes_no_mail", "556 5.1.10 Recipient address has null MX", _AMBIGUOUS),
    _unknown("disabled", "550 5.2.1 The email account that you tried to reach is disabled"),
    _unknown("disabled_bare", "550 Account disabled"),
    # other languages; some servers write in their country's old encoding
    _languages("german", a="550 Empfänger unbekannt".encode("latin-1"), b="550 Unbekannter Empfänger".encode(),
               c=b"550 Benutzer existiert nicht", d=b"550 Postfach nicht vorhanden"),
    _languages("french", a=b"550 Destinataire inconnu", b="550 Boîte aux lettres inexistante".encode("latin-1"),
               c=b"550 Utilisateur inconnu", d=b"550 L'adresse n'existe pas"),
    _languages("spanish", a=b"550 Usuario desconocido", b="550 El buzón no existe".encode("latin-1"),
               c=b"550 Destinatario no encontrado"),
    _languages("portuguese", a="550 Usuário desconhecido".encode("latin-1"),
               b="550 Destinatário inexistente".encode(), c="550 Caixa postal não existe".encode("latin-1")),
    _languages("italian", a=b"550 Utente sconosciuto", b=b"550 Destinatario inesistente"),
    _languages("russian", a="550 Пользователь не найден".encode(), b="550 Нет такого пользователя".encode(),
               c="550 Почтовый ящик не существует".encode()),
    _languages("japanese", a="550 ユーザーが見つかりません".encode(), b="550 宛先が存在しません".encode()),
    _languages("chinese", a="550 用户不存在".encode(), b="550 收件人不存在".encode(), c="550 找不到该用户".encode()),
    _unknown("in_koi8", "550 Пользователь не найден".encode("koi8-r") + b"\r\n", _AMBIGUOUS),
    _unknown("in_gbk", "550 用户不存在".encode("gbk") + b"\r\n", _AMBIGUOUS),
    # it is there and takes no more
    one("full_deferred", lambda: Habit(boxes={ANNA: _OK, BERT: "452 4.2.2 The recipient's mailbox is over quota"}),
        live() + full(BERT) + dead()),
    one("full", lambda: Habit(boxes={ANNA: _OK, BERT: "552 5.2.2 Mailbox full"}), live() + full(BERT) + dead()),
    one("full_bare", lambda: Habit(boxes={BERT: "552 Requested mail action aborted: mailbox exceeded its quota"}),
        full(BERT) + dead()),
    one("full_550", lambda: Habit(boxes={BERT: "550 5.2.2 <{to}>: user is over quota"}), full(BERT) + dead()),
    one("full_bare_550", lambda: Habit(boxes={BERT: "550 The mailbox is full"}), full(BERT) + dead()),
    one("full_in_german", lambda: Habit(boxes={BERT: "552 5.2.2 Postfach voll"}), full(BERT) + dead()),
    one("disk_of_the_server_full", lambda: Habit(boxes={}, unknown="452 4.3.1 Insufficient system storage"), hidden(),
        phase="rcpt"),
    # it takes mail, in other words than 250
    one("will_forward", lambda: Habit(boxes={ANNA: "251 User not local; will forward to <anna@behaviours-hw.com>"})),
    one("can_not_verify", lambda: Habit(boxes={}, unknown="252 2.5.2 Cannot verify, but will attempt delivery"),
        catch_all(weaker="unknown")),
    # the whole domain takes everything, or seems to
    one("catch_all", lambda: Habit(unknown=_OK), catch_all(ANNA, BERT, GONE)),
    one("catch_all_with_an_exception", lambda: Habit(boxes={GONE: "550 5.1.1 No such user"}, unknown=_OK),
        catch_all(ANNA) + dead()),
    one("catch_all_in_a_tenant_of_microsoft", lambda: Habit(unknown="250 2.1.5 Recipient OK"), catch_all(ANNA, GONE),
        records={"": ("MX 0 tenant-behaviours.mail.protection.outlook.com.",),
                 "tenant-behaviours.mail.protection.outlook.com": ("A {0}",)}),
    one("hides_at_yahoo", lambda: Habit(unknown="250 recipient <{to}> ok"), hidden(weaker="risky"),
        records={"": ("MX 1 mta5.am0.yahoodns.net.",), "mta5.am0.yahoodns.net": ("A {0}",)}),
    one("catch_all_that_defers_strangers", lambda: Habit(unknown="450 4.7.1 Please try again later"),
        catch_all(ANNA, BERT, weaker="unknown") + hidden(GONE)),
    one("catch_all_that_suspects_strangers",
        lambda: Habit(unknown="550 5.7.1 Rejected: this looks like a dictionary attack"),
        catch_all(ANNA, BERT, weaker="unknown") + hidden(GONE)),
    one("catch_all_that_hangs_up_on_strangers", lambda: Habit(unknown=bye("421 4.7.0 Too much of that, closing")),
        catch_all(ANNA, weaker="unknown")),
    # refused for now, which never means no
    one("deferred", lambda: Habit(boxes={}, unknown="451 4.3.0 Temporary lookup failure"), hidden(), phase="rcpt"),
    one("deferred_unknown_user", lambda: Habit(boxes={}, unknown="450 4.1.1 <{to}>: User unknown in local recipient "
        "table"), hidden(), phase="rcpt"),
    one("deferred_with_a_hard_status", lambda: Habit(boxes={}, unknown="450 5.1.1 No such user"), hidden(),
        phase="rcpt"),
    one("deferred_callout", lambda: Habit(boxes={}, unknown="450 4.1.1 <{to}>: Recipient address rejected: "
        "unverified address: Address verification in progress"), hidden(), phase="rcpt"),
    one("busy_at_microsoft", lambda: Habit(boxes={}, unknown="451 4.7.500 Server busy. Please try again later from "
        "[192.0.2.7]. (S77714)"), hidden(), phase="rcpt"),
    # how the name is written matters
    one("minds_capitals", lambda: Habit(boxes={"Anna.Smith": _OK}), live("Anna.Smith") + dead("anna.smith")),
    one("odd_names", lambda: Habit(boxes=dict.fromkeys(("o'brien+tag", "x_y=z", "{}|~#$&*/?^`"), _OK)),
        live("o'brien+tag", "x_y=z", "{}|~#$&*/?^`") + dead("o'brian")),
    one("internationalized_domain", Habit, label="bücher"),
    one("utf8_names", lambda: Habit(boxes={"jürgen": _OK}, extensions=("8BITMIME", "SMTPUTF8")),
        live("jürgen") + dead("günter")),
    one("utf8_names_not_taken", Habit, hidden("jürgen") + live()),
)  # fmt: skip
