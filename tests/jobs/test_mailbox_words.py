"""Every word that an adapter may say of a mailbox means something to verification, and none means too much."""

import pytest

from headwater.jobs.runtime import _MAILBOX
from headwater.providers.mailbox import Word
from headwater.verification import MailboxAnswer

MEANS = {
    Word.VALID: MailboxAnswer.DELIVERABLE,
    Word.INVALID: MailboxAnswer.UNDELIVERABLE,
    Word.ACCEPT_ALL: MailboxAnswer.ACCEPT_ALL,
    Word.SPAMTRAP: MailboxAnswer.TRAP,
    Word.DO_NOT_MAIL: MailboxAnswer.AVOID,
    Word.DISPOSABLE: MailboxAnswer.DISPOSABLE,
    Word.ROLE: MailboxAnswer.ROLE,
    Word.UNKNOWN: MailboxAnswer.UNKNOWN,
}


@pytest.mark.parametrize("word", Word)
def test_what_a_word_means(word: Word) -> None:
    assert _MAILBOX.get(word.value, MailboxAnswer.UNKNOWN) is MEANS[word]


def test_a_word_that_is_not_known_tells_nothing() -> None:
    assert "something new" not in _MAILBOX
    assert "unknown" not in _MAILBOX
