"""One secret per installation: it seals, it finds again, and it never shows itself."""

import base64
import secrets
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.kit.crypto import Secret, load_secret
from headwater.kit.errors import BadInput

ONE, OTHER = Secret(b"1" * 32), Secret(b"2" * 32)
texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(texts, st.binary())
def test_what_is_sealed_is_unsealed(text: str, about: bytes) -> None:
    sealed = ONE.seal(text, about=about)
    assert ONE.unseal(sealed, about=about) == text
    assert OTHER.unseal(sealed, about=about) is None
    assert ONE.unseal(sealed, about=about + b"x") is None


@given(texts)
def test_a_text_is_never_sealed_twice_alike(text: str) -> None:
    assert ONE.seal(text, about=b"") != ONE.seal(text, about=b"")


@given(st.binary(max_size=80))
def test_whatever_is_no_seal_of_ours_is_absent(garbage: bytes) -> None:
    assert ONE.unseal(garbage, about=b"") is None


@given(texts, st.integers(0), st.integers(1, 255))
def test_a_changed_seal_is_absent(text: str, place: int, change: int) -> None:
    sealed = bytearray(ONE.seal(text, about=b"a"))
    sealed[place % len(sealed)] ^= change
    assert ONE.unseal(bytes(sealed), about=b"a") is None


@given(texts, texts)
def test_a_digest_finds_its_text_and_no_other(one: str, other: str) -> None:
    assert (ONE.digest(one) == ONE.digest(other)) is (one == other)
    assert ONE.digest(one) != OTHER.digest(one)


def test_digests_stay_the_same_from_version_to_version() -> None:
    """Stored keys would be lost otherwise."""
    assert ONE.digest("live|ada|lovelace||acme.test").hex() == (
        "7bfa8280afd321113fb1fc8cd6436984fe53f53af9211fc5b9b239f347db5c2f"
    )


def test_it_does_not_print(tmp_path: Path) -> None:
    made = load_secret(tmp_path, None)
    raw = (tmp_path / "secret.key").read_bytes()
    for shown in (repr(made), str(made), f"{made}", repr(vars(made))):
        assert raw.hex() not in shown
        assert repr(raw)[2:-1] not in shown


def test_the_secret_is_made_once_and_is_the_owners_alone(tmp_path: Path) -> None:
    home = tmp_path / "deep" / "home"
    first = load_secret(home, None)
    path = home / "secret.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_bytes()) == 32
    assert load_secret(home, None).digest("x") == first.digest("x")
    assert list(home.iterdir()) == [path]


def test_threads_that_start_at_once_agree(tmp_path: Path) -> None:
    for number in range(20):
        home = tmp_path / str(number)
        with ThreadPoolExecutor(8) as pool:
            digests = set(pool.map(lambda _, home=home: load_secret(home, None).digest("x"), range(8)))
        assert len(digests) == 1
        assert list(home.iterdir()) == [home / "secret.key"]


def test_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from headwater.kit.crypto import load_secret; sys.stdin.readline();"
        "sys.stdout.write(load_secret(Path(sys.argv[1]), None).digest('x').hex())"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    said = [each.communicate(b"\n")[0] for each in started]
    assert len(set(said)) == 1
    assert len(said[0]) == 64
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 31])
def test_a_damaged_file_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    """Going on with another secret would lose all that was sealed with the first."""
    path = tmp_path / "secret.key"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"secret\.key"):
        load_secret(tmp_path, None)
    assert path.read_bytes() == content


def test_a_folder_that_can_not_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match="file"):
        load_secret(tmp_path / "file", None)


@given(st.binary(min_size=32, max_size=64))
def test_a_given_secret_is_used(root: bytes) -> None:
    given_secret = base64.b64encode(root).decode()
    found = load_secret(Path("/nowhere"), f"{given_secret}\n")
    assert found.digest("x") == Secret(root).digest("x")


@pytest.mark.parametrize("text", ["short", "ünicode", "!" * 60, base64.b64encode(b"x" * 31).decode(), " "])
def test_a_given_secret_that_is_too_weak_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(BadInput, match="HEADWATER_SECRET") as caught:
        load_secret(Path("/nowhere"), text)
    assert text.strip() not in str(caught.value) or not text.strip()


def test_nothing_is_written_where_a_secret_is_given(tmp_path: Path) -> None:
    load_secret(tmp_path, base64.b64encode(secrets.token_bytes(32)).decode())
    assert list(tmp_path.iterdir()) == []
