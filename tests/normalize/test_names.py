"""Names taken apart and put together."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headwater.normalize import PersonName, generation, name_part, nickname, person_name, split_name


@pytest.mark.parametrize(
    ("text", "first", "middle", "last", "suffix", "nick"),
    [
        ('William "Bill" Gates', "William", None, "Gates", None, "Bill"),
        ("William “Bill” Gates", "William", None, "Gates", None, "Bill"),
        ("T.M. 'Frank' Cownie", "T.M.", None, "Cownie", None, "Frank"),
        ("Charles (Chuck) Edwards", "Charles", None, "Edwards", None, "Chuck"),
        ('Gates, William "Bill" III', "William", None, "Gates", "III", "Bill"),
        ('Henry C. "Hank" Johnson, Jr.', "Henry", "C.", "Johnson", "Jr.", "Hank"),
        ("Prof. Dr. Maria de la Cruz, PhD", "Maria", None, "de la Cruz", None, None),
        ("Dr. med. Eva Braun-Stein", "Eva", None, "Braun-Stein", None, None),
        ("Dipl.-Ing. Max Muster", "Max", None, "Muster", None, None),
        ("Ludwig van Beethoven", "Ludwig", None, "van Beethoven", None, None),
        ("Chris Van Hollen", "Chris", None, "Van Hollen", None, None),
        ("Vinney St. Blanc", "Vinney", None, "St. Blanc", None, None),
        ("José Ortega y Gasset", "José", None, "Ortega y Gasset", None, None),
        ("de Gaulle, Charles", "Charles", None, "de Gaulle", None, None),
        ("Smith, John, MBA", "John", None, "Smith", None, None),
        ("Jane Doe MD, MBA", "Jane", None, "Doe", None, None),
        ("Jane Doe, Ph. D., M.A.", "Jane", None, "Doe", None, None),
        ("Jane Doe (she/her)", "Jane", None, "Doe", None, None),
        ("Martin Luther King Jr.", "Martin", "Luther", "King", "Jr.", None),
        ("João Silva Neto", "João", None, "Silva", "Neto", None),
        ("Paulo Neto", "Paulo", None, "Neto", None, None),
        ("Steve Ma", "Steve", None, "Ma", None, None),
        ("STEVE MA", "Steve", None, "Ma", None, None),
        ("Steve Ma, MA", "Steve", None, "Ma", None, None),
        ("Don Johnson", "Don", None, "Johnson", None, None),
        ("Amartya Sen", "Amartya", None, "Sen", None, None),
        ("J. Edgar Hoover", "J.", "Edgar", "Hoover", None, None),
        ("MARÍA LÓPEZ", "María", None, "López", None, None),
        ("Jean DUPONT", "Jean", None, "Dupont", None, None),
        ("jean-luc picard", "Jean-Luc", None, "Picard", None, None),
        ("SEAN O'BRIEN", "Sean", None, "O'Brien", None, None),
        ("JOHN MCDONALD", "John", None, "McDonald", None, None),
        ("FLORA MACDONALD", "Flora", None, "MacDonald", None, None),
        ("ANA MACHADO", "Ana", None, "Machado", None, None),
        ("JP VAN DER BERG III", "JP", None, "van der Berg", "III", None),
        ("İBRAHİM ÇELİK", "İbrahim", None, "Çelik", None, None),
        ("Ron DeSantis", "Ron", None, "DeSantis", None, None),
        ("JosÃ© GarcÃ­a", "José", None, "García", None, None),
        ("★ Ann ✅ Lee", "Ann", None, "Lee", None, None),
        ("Ａｄａ　Ｌｏｖｅｌａｃｅ", "Ada", None, "Lovelace", None, None),
        ("Иван ПЕТРОВ", "Иван", None, "Петров", None, None),
    ],
)
def test_split(text: str, first: str, middle: str | None, last: str, suffix: str | None, nick: str | None) -> None:
    name = split_name(text)
    assert name[:5] == (first, middle, last, suffix, nick)
    assert name.full == " ".join(part for part in (first, middle, last, suffix) if part)


@pytest.mark.parametrize("text", ["Cher", "王小明", "Mr. X", "Dr. Kim"])
def test_one_word_is_a_whole_name(text: str) -> None:
    name = split_name(text)
    assert name == PersonName(full=text.split(" ")[-1])


@pytest.mark.parametrize("text", ["", " ", "-", "N/A", "Dr.", "null", "#REF!", "123", "unknown"])
def test_no_name(text: str) -> None:
    assert split_name(text) == PersonName()


def test_parts_and_whole_complete_each_other() -> None:
    assert person_name(first="Maria", last="Cantwell").full == "Maria Cantwell"
    assert person_name(full="Maria Cantwell")[:3] == ("Maria", None, "Cantwell")
    assert person_name(first="Nanette", last="Barragán", full="Nanette Diaz Barragán").middle == "Diaz"
    assert person_name(first="Christopher R.", last="Stewart Jr.")[:4] == ("Christopher", "R.", "Stewart", "Jr.")
    assert person_name(first="María Elena", last="Durazo").first == "María Elena"
    assert person_name(first="J. R.", last="Ewing").first == "J. R."
    assert person_name(first="Keith Pekau", last="Keith Pekau")[:3] == ("Keith", None, "Pekau")
    assert person_name(first="Charles (Chuck)", last="Edwards").nickname == "Chuck"
    assert person_name(first="Jim", nick="Jimmy", full='James "Jim" Doe').nickname == "Jimmy"
    assert person_name(first="Shri", last="Thanedar")[:3] == ("Shri", None, "Thanedar")
    assert person_name(last="García López", full="Ana García López")[:3] == ("Ana", None, "García López")
    assert person_name(first="a@b.com", last="Doe").full is None
    assert person_name() == PersonName()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("jr", "Jr."), ("JR.", "Jr."), ("iii", "III"), ("2nd", "II"), ("PhD", None), ("", None), ("V", "V")],
)
def test_generation(text: str, expected: str | None) -> None:
    assert generation(text) == expected


def test_nickname_cells_lose_their_quotes() -> None:
    assert nickname('"Chuy"') == "Chuy"
    assert nickname("(BUDDY)") == "Buddy"
    assert nickname("n/a") is None


_LOOSE = """ada BOB Zoë O'BRIEN mcdonald van de la Cruz Dr. Dr PhD MD Ma MA Jr. III neto Müller-Lüdenscheidt X. "Bill"
(Chuck) St. y de, Smith, DUPONT Иван 王小明 ★ ii the - J.R. İpek ß ǆ ﬁ Ph.D."""
_WORDS = st.sampled_from(_LOOSE.split())
_NAMES = st.lists(_WORDS, max_size=6).map(" ".join) | st.text(max_size=20)


@given(_NAMES)
@example("BOB MD")  # written "Bob MD" it would lose the degree, so it must be lost at once
@example("Ada PhD -")
@example("{ß")
@example("\u00e2\u00a1")
def test_a_clean_part_stays_as_it_is(text: str) -> None:
    once = name_part(text)
    assert once is None or name_part(once) == once


@given(_NAMES)
def test_a_name_is_made_of_the_words_given(text: str) -> None:
    name = split_name(text)
    assert (name.first is None) == (name.last is None)
    if name.first and name.last:
        assert name.full == " ".join(part for part in (name.first, name.middle, name.last, name.suffix) if part)


def test_surname_first_in_the_only_name_cell() -> None:
    name = person_name(first="Martínez, Andrés")
    assert (name.first, name.last) == ("Andrés", "Martínez")
