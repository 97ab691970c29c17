"""Servers that refuse the caller, not the mailbox: nothing may be said about who lives there.

The texts are those of real servers (Postfix, Exim, qmail, Exchange Online, Barracuda, Proofpoint, Yahoo, mail.ru), with
documentation addresses in them.
"""

from tests.verification.smtp_behaviours.server import Habit, Says, bye
from tests.verification.smtp_behaviours.truth import Behaviour, hidden, one


def _at_rcpt(name: str, text: Says) -> Behaviour:
    return one(f"rcpt_{name}", lambda: Habit(boxes={}, unknown=text), hidden(), phase="rcpt")


def _at_mail(name: str, text: Says) -> Behaviour:
    return one(f"mail_{name}", lambda: Habit(mail=text), hidden(), phase="mail")


def _at_hello(name: str, text: Says) -> Behaviour:
    return one(f"hello_{name}", lambda: Habit(hello=text), hidden(), phase="ehlo")


def _at_connect(name: str, text: Says) -> Behaviour:
    return one(f"connect_{name}", lambda: Habit(banner=text), hidden(), phase="connect")


_CLIENT = "Service unavailable; Client host [192.0.2.7] blocked using zen.spamhaus.org"

REFUSALS = (
    # blocklists and policies at RCPT, where Postfix says by default what it holds against client, name and sender
    _at_rcpt("rbl", f"550 5.7.1 {_CLIENT}; https://www.spamhaus.org/query/ip/192.0.2.7"),
    _at_rcpt("rbl_554", f"554 5.7.1 {_CLIENT}"),
    _at_rcpt("permanent_rbl", "554 permanent: 5.7.1 Service unavailable; host [192.0.2.7] blocked by RBL"),
    _at_rcpt("policy", "550 5.7.1 Requested action not taken: recipient refuses mail by policy"),
    _at_rcpt("policy_bare", "550 Message rejected by local policy"),
    _at_rcpt("spam_bare", "550 Rejected: this looks like spam, see http://postmaster.behaviours-hw.com"),
    _at_rcpt("reputation_bare", "550 Your network has a poor reputation with us"),
    _at_rcpt(
        "lines_with_the_reason_last", "550 Requested action not taken: mailbox unavailable\nyour IP is blacklisted"
    ),
    _at_rcpt("unknown_user_or_blocked", "550 5.7.1 User unknown, or your host is blocked by policy"),
    _at_rcpt("recipient_blocked", "550 permanent failure for one or more recipients ({to}:blocked)"),
    _at_rcpt("no_words", "550 "),
    _at_rcpt("rejected", "550 rejected"),
    _at_rcpt("administrative", "550 Administrative prohibition"),
    _at_rcpt("access_denied", "550 Access denied"),
    _at_rcpt("banned_by_microsoft", "550 5.7.606 Access denied, banned sending IP [192.0.2.7]. AS(1410)"),
    _at_rcpt(
        "traffic_not_accepted", "550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP"
    ),
    _at_rcpt("local_policy_violation", "554 5.7.0 Local Policy Violation"),
    _at_rcpt("spf", "550 5.7.23 The message was rejected because of Sender Policy Framework violation"),
    _at_rcpt("no_ptr", "550 5.7.25 Client host rejected: cannot find your hostname, [192.0.2.7]"),
    _at_rcpt("no_ptr_deferred", "450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.7]"),
    _at_rcpt("helo_refused", "504 5.5.2 <probe>: Helo command rejected: need fully-qualified hostname"),
    _at_rcpt("bad_sender", "550 5.1.8 <ask@verify-hw.com>: Sender address rejected: Domain not found"),
    _at_rcpt("bad_sender_bare", "550 Sender address rejected: undeliverable address: user unknown"),
    _at_rcpt(
        "unlisted_sender_of_postfix",
        "550 5.1.0 <ask@verify-hw.com>: Sender address rejected: User unknown in virtual mailbox table",
    ),
    _at_rcpt("sender_does_not_exist", "550 Sender does not exist"),
    _at_rcpt("unknown_client", "550 Unknown client [192.0.2.7]"),
    _at_rcpt("unknown_host", "550 Host unknown, get a reverse DNS entry"),
    _at_rcpt("bad_sequence", "503 5.5.1 Bad sequence of commands"),
    _at_rcpt("no_such_command", "500 5.5.1 Command unrecognized"),
    _at_rcpt("not_authorized", "571 Delivery not authorized, message refused"),
    _at_rcpt("group_for_insiders", "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required"),
    _at_rcpt("bad_sender_syntax", "550 5.1.7 The sender's address is not valid"),
    _at_rcpt("bad_sender_deferred", "450 4.1.8 <ask@verify-hw.com>: Sender address rejected: Domain not found"),
    _at_rcpt(
        "sender_callout_failed",
        "550 Verification failed for <ask@verify-hw.com>\nCalled: 192.0.2.25\nSent: RCPT TO:<ask@verify-hw.com>\n"
        "Response: 550 No Such User Here\nSender verify failed",
    ),
    _at_rcpt("relay_denied", "554 5.7.1 <{to}>: Relay access denied"),
    _at_rcpt("relay_denied_bare", "550 relay not permitted"),
    _at_rcpt("rcpthosts_of_qmail", "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"),
    _at_rcpt("login_required", "550 5.7.1 Client was not authenticated"),
    _at_rcpt("too_fast", "550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents more"),
    _at_rcpt("too_fast_deferred", "450 4.2.1 The user you are trying to contact is receiving mail too quickly"),
    # the same in languages other than English, without a code that helps
    _at_rcpt("german_blocklist", "550 Ihre IP-Adresse steht auf einer Sperrliste".encode("latin-1") + b"\r\n"),
    _at_rcpt("german_spam", "550 Nachricht wegen Spamverdachts zurückgewiesen".encode("latin-1") + b"\r\n"),
    _at_rcpt("french_blocked", "550 Connexion refusée : votre adresse IP est bloquée".encode("latin-1") + b"\r\n"),
    _at_rcpt("spanish_policy", "550 Rechazado por la política del servidor"),
    _at_rcpt("russian_spam", "550 Сообщение отклонено по подозрению в спаме"),
    _at_rcpt("japanese_blocked", "550 お使いのIPアドレスからの接続は拒否されました"),
    _at_rcpt("chinese_blocked", "550 您的IP地址已被列入黑名单"),
    # at MAIL
    _at_mail("rbl", f"550 5.7.1 {_CLIENT}"),
    _at_mail("microsoft_block_list", "550 5.7.1 Unfortunately, messages from [192.0.2.7] weren't sent. (S3140)"),
    _at_mail("sender_unknown", "550 5.1.1 <ask@verify-hw.com>: User unknown"),
    _at_mail("bad_sender", "553 5.1.8 Domain of sender address does not exist"),
    _at_mail("login_required", "530 5.7.1 Authentication required"),
    _at_mail("yahoo_blocked_and_gone", bye("553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.7")),
    # at EHLO and HELO
    _at_hello("refused", "550 5.7.1 Access denied: bad HELO"),
    _at_hello("no_such_user", "550 5.1.1 User unknown"),
    # at connect: the banner itself refuses
    _at_connect("rbl", f"554 5.7.1 {_CLIENT}"),
    _at_connect("rbl_and_gone", bye(f"554 5.7.1 {_CLIENT}")),
    _at_connect("takes_no_mail", "521 mx.behaviours-hw.com does not accept mail"),
    _at_connect("no_service", "550 5.1.1 No such user"),
    _at_connect("dynamic_address", "550 SMTP rejected: dynamic address"),
)
