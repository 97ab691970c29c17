"""Text, employers and titles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.normalize import company, company_key, fold, fold_german, is_empty, repair_mojibake, tidy, title

_ANY = st.text(max_size=30)


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        ("JosÃ©", "José"),
        ("MÃ¼ller", "Müller"),
        ("FranÃ§ois", "François"),
        ("Ã\x81lvaro", "Álvaro"),
        ("Citroën", "Citroën"),
        ("O’Brien", "O’Brien"),
        ("Oâ€™Brien", "O’Brien"),
        ("JosÃƒÂ©", "José"),
        ("São Paulo", "São Paulo"),
        ("Ã", "Ã"),
        ("ПÑ€Ð¸Ð²ÐµÑ‚", "ПÑ€Ð¸Ð²ÐµÑ‚"),
        ("plain", "plain"),
    ],
)
def test_mojibake(broken: str, whole: str) -> None:
    assert repair_mojibake(broken) == whole


@given(st.text(st.sampled_from("aéüßñØżЖ中 -"), max_size=20))
def test_mojibake_of_any_text_is_undone(text: str) -> None:
    broken = "".join(
        bytes([byte]).decode("cp1252") if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(byte)
        for byte in text.encode()
    )
    assert repair_mojibake(broken) == text


def test_tidy() -> None:
    assert tidy("  Ada\u200b \t\n Love\xadlace\ufeff ") == "Ada Lovelace"
    assert tidy("Zoe\u0308") == "Zoë"


@given(_ANY)
def test_tidy_twice_is_tidy(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)


@given(_ANY)
def test_fold_is_stable_and_never_empties_what_is_visible(text: str) -> None:
    for folding in (fold, fold_german):
        folded = folding(text)
        assert folding(folded) == folded
        assert bool(folded) >= bool(any(map(str.isalnum, tidy(text))))


def test_folds() -> None:
    assert fold("Jürgen O’Brien-Müller") == "jurgen obrien muller"
    assert fold_german("Jürgen Weiß-Ørsted") == "juergen weiss oersted"
    assert fold("Zoë") == fold("ZOE\u0308") == "zoe"
    assert fold("★") == "★"


@pytest.mark.parametrize("text", ["", " ", "-", "--", "N/A", "#N/A", "null", "NULL", "NaN", "[not provided]", "?", "…"])
def test_empty_cells(text: str) -> None:
    assert is_empty(text)
    assert company(text) is None
    assert company_key(text) is None
    assert title(text) is None


@pytest.mark.parametrize("text", ["Null", "None", "Nan", "Na", "0", "Unknown Worlds", "王"])
def test_names_that_look_empty(text: str) -> None:
    assert not is_empty(text)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("The Boeing Company", "boeing"),
        ("BOEING CO.", "boeing"),
        ("Acme, Inc.", "acme"),
        ("Acme Pvt. Ltd.", "acme"),
        ("Acme (Pty) Ltd", "acme"),
        ("Acme Pty Limited", "acme"),
        ("Acme Co., Ltd.", "acme"),
        ("Foo GmbH & Co. KG", "foo"),
        ("Foo Aktiengesellschaft", "foo"),
        ("Müller AG", "muller"),
        ("Cemex S.A.B. de C.V.", "cemex"),
        ("Grupo S. A. de C. V.", "grupo"),
        ("Banco Serra S.A.", "banco serra"),
        ("Aceros del Ebro S.L.", "aceros del ebro"),
        ("Ambev Ltda.", "ambev"),
        ("Kowalski Sp. z o.o.", "kowalski"),
        ("Škoda a.s.", "skoda"),
        ("Novo Nordisk A/S", "novo nordisk"),
        ("Nokia Oyj", "nokia"),
        ("AB Volvo", "volvo"),
        ("PT Astra International Tbk", "astra international"),
        ("ООО «Рога и Копыта»", "roga i kopyta"),
        ("トヨタ自動車株式会社", fold("トヨタ自動車")),
        ("㈱日立", fold("日立")),
        ("Petronas Sdn Bhd", "petronas"),
        ("Marks & Spencer plc", "marks and spencer"),
        ("Smith & Co", "smith"),
        ("H&M", "h and m"),
        ("AG", "ag"),
        ("Co-op", "co op"),
        ("The The", "the"),
        ("AMBA", "amba"),
        ("株式会社", fold("株式会社")),
        ("Pão de Açúcar", "pao de acucar"),
        ("Deutsche Bank", "deutsche bank"),
        ("Group Nine", "group nine"),
    ],
)
def test_company_keys(text: str, key: str) -> None:
    assert company_key(text) == key


_LOOSE = "The Acme & Co AG S.A. de C.V. GmbH KG und PT Ltd. (주) 株式会社 Ä é and"
_FORMS = st.lists(st.sampled_from(_LOOSE.split()), max_size=6)


@given(_ANY | _FORMS.map(" ".join))
def test_company_keys_are_stable_and_never_empty(text: str) -> None:
    key = company_key(text)
    assert (key is None) == is_empty(text)
    if key is not None:
        assert key
        assert company_key(key) in (key, None)


def test_company_is_shown_as_typed() -> None:
    assert company("  ACME,  Inc. ") == "ACME, Inc."
    assert title(" VP  of\nSales ") == "VP of Sales"
