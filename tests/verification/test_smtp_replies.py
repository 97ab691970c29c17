"""What replies mean: real servers' texts in tables, and that nothing but words about the mailbox says "no"."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.records import SmtpReply
from headwater.verification.smtp.classify import Answer, judge
from headwater.verification.smtp.replies import read_line, to_reply
from headwater.verification.smtp.words import fold, names_unknown_user, speaks_of_policy

NO, BLOCKED, FULL, LATER = Answer.NO_SUCH_USER, Answer.BLOCKED, Answer.FULL, Answer.DEFERRED
OPEN, ENOUGH, YES = Answer.UNDETERMINED, Answer.ENOUGH, Answer.ACCEPTED


def rcpt(raw: str | bytes) -> SmtpReply:
    data = raw if isinstance(raw, bytes) else raw.encode()
    return to_reply("rcpt", [read_line(line) for line in data.split(b"\n")])


REPLIES: list[tuple[str | bytes, Answer]] = [
    ("250 2.1.5 OK", YES),
    ("250 recipient <policy@acme.com> ok", YES),
    ("251 2.1.5 User not local; will forward", YES),
    ("252 2.5.0 Cannot verify the user, but will try", OPEN),
    ("550 5.1.1 <a@b.com>: Recipient address rejected: User unknown in virtual mailbox table", NO),
    ("550-5.1.1 The email account that you tried to reach does not exist. Please try\n550-5.1.1 double-checking the "
     "recipient's email address for typos or\n550 5.1.1  https://support.google.com/mail/?p=NoSuchUser x - gsmtp", NO),
    ("550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", NO),
    ("550 5.4.1 Recipient address rejected: Access denied. AS(201806281) [X.prod.protection.outlook.com]", NO),
    ("550 5.4.1 No answer from host", OPEN),
    ("550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302)", NO),
    ("550 Requested action not taken: mailbox unavailable", NO),
    ("550 #5.1.0 Address rejected.", NO),
    ("550 5.2.1 The email account that you tried to reach is disabled", NO),
    ("550 sorry, no mailbox here by that name (#5.1.1 - chkusr)", NO),
    ("550 No Such User Here", NO),
    ("550 Unrouteable address", NO),
    ("554 delivery error: dd This user doesn't have a yahoo.com account", NO),
    ("501 5.1.3 Bad recipient address syntax", NO),
    ("553 5.1.2 We do not relay for this domain", BLOCKED),
    ("550 5.7.1 <a@b.com>: Recipient address rejected: User unknown", NO),
    ("550 5.1.1 <spam@acme.com>: Recipient address rejected", NO),
    ("550 <blocked.by.policy@acme.com> No such user", NO),
    # languages
    ("550 5.1.1 Adresse d au moins un destinataire invalide", NO),
    ("550 Benutzer unbekannt", NO),
    ("550 Unbekannter Empfänger", NO),
    ("550 Empfänger unbekannt".encode("latin-1"), NO),
    ("550 Das Postfach existiert nicht", NO),
    ("550 Utilisateur inconnu".encode("latin-1"), NO),
    ("550 La boîte aux lettres est inexistante".encode("latin-1"), NO),
    ("550 Usuario desconocido", NO),
    ("550 El buzón no existe", NO),
    ("550 Usuário não encontrado".encode("latin-1"), NO),
    ("550 Utente sconosciuto", NO),
    ("550 Casella inesistente", NO),
    ("550 Onbekende gebruiker", NO),
    ("550 Nie ma takiego użytkownika", NO),
    ("550 Пользователь не найден", NO),
    ("550 Нет такого пользователя", NO),
    ("550 недействительный адрес", NO),
    ("550 Okänd mottagare", NO),
    ("550 Ukendt modtager", NO),
    ("550 Neznámý uživatel", NO),
    ("550 Kullanıcı bulunamadı", NO),
    ("550 Ismeretlen címzett", NO),
    ("550 Käyttäjä tuntematon", NO),
    ("550 Ο χρήστης δεν υπάρχει", NO),
    ("550 用户不存在", NO),
    ("550 找不到该用户", NO),
    ("550 查無此收件者", NO),
    ("550 沒有這個帳號", NO),
    ("550 收件人邮箱已停用", NO),
    ("550 指定されたアドレスは見つかりませんでした", NO),
    ("550 無効な宛先です", NO),
    ("550 수신자를 찾을 수 없습니다", NO),
    ("550 알 수 없는 사용자", NO),
    ("550 Používateľ neexistuje", NO),
    ("550 Korisnik ne postoji", NO),
    ("550 Uporabnik ne obstaja", NO),
    ("550 Kasutajat ei leitud", NO),
    ("550 Vartotojas nerastas", NO),
    ("550 Потребителят не съществува", NO),
    ("550 Utilizatorul nu a fost găsit", NO),
    ("550 Người dùng không tồn tại", NO),
    ("550 Pengguna tidak ditemukan", NO),
    ("550 ไม่พบผู้ใช้", NO),
    ("550 المستخدم غير موجود", NO),
    ("550 المرسل إليه: المستخدم غير موجود", NO),
    ("550 המשתמש לא קיים", NO),
    ("550 Brukeren ble ikke funnet", NO),
    ("550 Användaren hittades inte", NO),
    ("550 メールボックスが存在しません", NO),
    ("550 사용자가 존재하지 않습니다", NO),
    # about us
    ("550 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", BLOCKED),
    ("554 5.7.1 Message rejected due to content restrictions", BLOCKED),
    ("550 5.7.1 Recipient address rejected: Access denied", BLOCKED),
    ("550 5.7.606 Access denied, banned sending IP [192.0.2.1]", BLOCKED),
    ("550 5.1.8 Sender address rejected: Domain not found", BLOCKED),
    ("550 5.1.7 Invalid address", BLOCKED),
    ("550 5.1.1 Your IP is listed by Spamhaus", BLOCKED),
    ("550-Verification failed for <ask@acme.com>\n550-Called:   192.0.2.7\n550-Response: 550 5.1.1 User unknown\n"
     "550 Sender verify failed", BLOCKED),
    ("550 Mail rejected: your host has no reverse DNS", BLOCKED),
    ("530 5.7.0 Must issue a STARTTLS command first", BLOCKED),
    ("550 Relaying denied", BLOCKED),
    ("550 Unknown user or blocked by RBL", BLOCKED),
    ("554 Reject due to policy restrictions", BLOCKED),
    ("550 Helo command rejected: Host not found", BLOCKED),
    ("553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", BLOCKED),
    ("550 Absender nicht akzeptiert, Benutzer unbekannt", BLOCKED),
    ("550 您的IP地址没有反向解析", BLOCKED),
    ("550 发件人地址不存在", BLOCKED),
    ("550 寄件者帳號不存在", BLOCKED),
    ("550 IPアドレスの逆引きが存在しません", BLOCKED),
    ("550 送信元アドレスが存在しません", BLOCKED),
    ("550 許可されたIPアドレスが見つかりません", BLOCKED),
    ("550 スパムのため宛先不明として拒否", BLOCKED),
    ("550 5.1.1 Absender: Benutzer unbekannt", BLOCKED),
    ("550 المرسل: المستخدم غير موجود", BLOCKED),
    ("550 보낸 사람 주소가 존재하지 않습니다", BLOCKED),
    ("550 Afzender: gebruiker onbekend", BLOCKED),
    ("550 Adresa odesílatele: uživatel neexistuje", BLOCKED),
    ("550 Gönderen: kullanıcı bulunamadı", BLOCKED),
    ("550 IP-Adresse unbekannt", BLOCKED),
    # full
    ("552 5.2.2 The email account that you tried to reach is over quota", FULL),
    ("452 4.2.2 The email account that you tried to reach is over quota", FULL),
    ("550 Mailbox is full", FULL),
    ("552 Requested mail action aborted: exceeded storage allocation", FULL),
    ("450 Mailbox quota exceeded", FULL),
    ("550 Das Postfach ist voll", FULL),
    ("452 4.3.1 Insufficient system storage", LATER),
    ("451 4.7.1 Hourly quota of your host exceeded", LATER),
    # later, enough
    ("451 4.7.1 Greylisted, please try again in 300 seconds", LATER),
    ("450 4.1.1 <a@b.com>: Recipient address rejected: User unknown", LATER),
    ("450 4.2.0 <a@b.com>: Recipient address rejected: Greylisted", LATER),
    ("421 4.7.0 Too many connections", ENOUGH),
    ("452 4.5.3 Too many recipients", ENOUGH),
    ("452 Too many recipients received this hour", ENOUGH),
    # of nothing in particular
    ("550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents more messages", OPEN),
    ("550 No", OPEN),
    ("550", OPEN),
    ("550 5.3.0 Rejected", OPEN),
    ("554 Transaction failed", OPEN),
    ("503 5.5.1 Bad sequence of commands", OPEN),
    ("354 Go ahead", OPEN),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "answer"), REPLIES, ids=lambda value: str(value)[:60])
def test_replies(raw: str | bytes, answer: Answer) -> None:
    assert judge(rcpt(raw)) is answer


def test_no_reply_is_no_answer() -> None:
    assert judge(SmtpReply("rcpt", None, None, "The server closed the connection.")) is Answer.BROKEN


def test_a_reply_keeps_code_status_and_text() -> None:
    assert rcpt("550-5.1.1 No\n550 5.1.1 really") == SmtpReply("rcpt", 550, "5.1.1", "5.1.1 No 5.1.1 really")
    assert rcpt("550 2.1.1 odd").enhanced is None, "a status of another class than the code is none"
    assert rcpt("550 5.1.1.9 odd").enhanced is None


@pytest.mark.parametrize("raw", ["550-5.1.1 User unknown\n250 2.1.5 Ok", "250-2.1.5 Ok\n550 5.1.1 User unknown"])
def test_a_reply_that_contradicts_itself_is_no_answer(raw: str) -> None:
    assert rcpt(raw).code is None
    assert judge(rcpt(raw)) is Answer.BROKEN


def test_a_server_may_have_enough_in_the_middle_of_a_reply_or_of_its_banner() -> None:
    assert rcpt("250-2.1.5 Ok\n421 4.3.2 Going down").code == 421
    lines = [read_line(b"220-mx wait a little"), read_line(b"521 5.7.1 Protocol error")]
    assert to_reply("connect", lines).code == 521
    assert to_reply("ehlo", lines).code is None


@given(st.binary(max_size=3000))
def test_any_bytes_are_read_and_shown_safely(raw: bytes) -> None:
    reply = rcpt(raw)
    assert reply.text.isprintable()
    assert len(reply.text) <= 1000
    assert judge(reply) in Answer


@given(st.integers(200, 599), st.text(max_size=60))
def test_only_a_5xx_may_say_no(code: int, text: str) -> None:
    answer = judge(SmtpReply("rcpt", code, None, f"User unknown {text}"))
    assert answer is not Answer.NO_SUCH_USER or code >= 500


@given(
    st.sampled_from(["5.7.1", "5.7.26", "5.7.509", "5.1.8", "5.1.7"]),
    st.sampled_from(["blocked by Spamhaus", "sender rejected", "policy", "spam", "your IP has no PTR", "denied"]),
)
def test_a_status_of_policy_never_says_no(enhanced: str, text: str) -> None:
    assert judge(SmtpReply("rcpt", 550, enhanced, text)) is Answer.BLOCKED


@given(st.emails())
def test_an_address_in_the_reply_is_not_taken_for_words(address: str) -> None:
    folded: Any = fold(f"<{address}> ok")
    assert not names_unknown_user(folded)
    assert not speaks_of_policy(folded)
