"""Settings: where they come from, which counts, and that secrets do not print."""

import json
import pickle
from pathlib import Path

import pytest

from headwater.kit.errors import BadInput
from headwater.kit.settings import Settings, load

VENDORS = ("hunter", "apollo")
SECRET = "s3cr3t-4711"


class Place:
    """A current folder and a home, with their files."""

    def __init__(self, base: Path) -> None:
        self.folder, self.home = base / "here", base / "home"
        self.folder.mkdir()
        self.home.mkdir()

    def write(self, folder: Path, text: str | bytes) -> None:
        (folder / "headwater.env").write_bytes(text if isinstance(text, bytes) else text.encode())

    def load(self, **environ: str) -> Settings:
        given = {"HEADWATER_HOME": str(self.home), **{f"HEADWATER_{name}": value for name, value in environ.items()}}
        return load(given, vendors=VENDORS, folder=self.folder)

    def refused(self, **environ: str) -> str:
        with pytest.raises(BadInput) as caught:
            self.load(**environ)
        sentence = str(caught.value)
        assert "\n" not in sentence
        assert sentence.endswith(".")
        return sentence


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_nothing_need_be_set(tmp_path: Path) -> None:
    found = load({"HOME": "/home/ada"}, vendors=VENDORS, folder=tmp_path)
    assert found == Settings(home=Path("/home/ada/.local/share/headwater"))
    assert (found.workspace, found.shared_cache, found.vendors, found.unknown) == ("default", False, {}, ())


def test_the_data_folder_of_the_desktop_is_used(tmp_path: Path) -> None:
    found = load({"XDG_DATA_HOME": "/data", "HOME": "/home/ada"}, vendors=(), folder=tmp_path)
    assert found.home == Path("/data/headwater")


def test_the_environment_counts_more_than_the_folders_file_and_that_more_than_the_homes(place: Place) -> None:
    place.write(place.home, "HEADWATER_WORKSPACE=home\nHEADWATER_DNS=home\nHEADWATER_HUNTER_API_KEY=home\n")
    place.write(place.folder, "HEADWATER_WORKSPACE=folder\nHEADWATER_DNS=folder\n")
    found = place.load(WORKSPACE="environment")
    assert (found.workspace, found.dns) == ("environment", "folder")
    key = found.vendors["hunter"].api_key
    assert key is not None
    assert key.get_secret_value() == "home"


def test_an_empty_setting_takes_back_what_a_file_says(place: Place) -> None:
    place.write(place.folder, "HEADWATER_DNS=127.0.0.1\nHEADWATER_HUNTER_API_KEY=abc\n")
    found = place.load(DNS="", HUNTER_API_KEY="")
    assert found.dns is None
    assert found.vendors == {}


def test_the_home_may_be_named_in_the_folders_file(place: Place) -> None:
    place.write(place.folder, f"HEADWATER_HOME={place.home}\n")
    place.write(place.home, "HEADWATER_WORKSPACE=there\n")
    found = load({"HOME": "/home/ada"}, vendors=VENDORS, folder=place.folder)
    assert (found.home, found.workspace) == (place.home, "there")


def test_a_vendors_settings(place: Place) -> None:
    found = place.load(
        HUNTER_API_KEY="k", HUNTER_LIMITS="15/s", HUNTER_CREDIT_PRICE="0.05", HUNTER_BASE_URL="https://h.test",
        APOLLO_WEBHOOK_URL="https://me.test",
    )  # fmt: skip
    hunter = found.vendors["hunter"]
    assert (hunter.limits, hunter.credit_price, hunter.base_url) == ("15/s", "0.05", "https://h.test")
    assert found.vendors["apollo"].options == {"webhook_url": "https://me.test"}
    assert found.unknown == ()


def test_names_that_mean_nothing_are_reported(place: Place) -> None:
    place.write(place.folder, "HEADWATER_WORKSPAEC=x\nOTHER=ignored\n")
    found = place.load(HUNTR_API_KEY="k", DATABASEURL="x")
    assert found.unknown == ("HEADWATER_DATABASEURL", "HEADWATER_HUNTR_API_KEY", "HEADWATER_WORKSPAEC")


def test_other_programs_names_are_none_of_ours(place: Place) -> None:
    found = load({"HEADWATER_HOME": str(place.home), "WORKSPACE": "x", "PATH": "/"}, vendors=(), folder=place.folder)
    assert (found.workspace, found.unknown) == ("default", ())


@pytest.mark.parametrize(
    ("name", "value"), [("LOG_LEVEL", "LOUD"), ("SHARED_CACHE", "perhaps"), ("LOG_LEVEL", "debug ")]
)
def test_a_value_that_can_not_be_used_is_refused_by_name(place: Place, name: str, value: str) -> None:
    assert place.refused(**{name: value}).startswith(f"HEADWATER_{name}: ")


def test_a_password_in_a_file_is_taken_as_it_stands(place: Place) -> None:
    """No names are filled in: an environment that happens to have HOME must not change a secret."""
    place.write(place.folder, "HEADWATER_SECRET='a${HOME}b$c'\nHEADWATER_DATABASE_URL=postgresql://u:a${USER}b@h/d\n")
    found = place.load()
    assert found.secret is not None
    assert found.secret.get_secret_value() == "a${HOME}b$c"
    assert found.database_url is not None
    assert found.database_url.get_secret_value() == "postgresql://u:a${USER}b@h/d"


def test_a_file_as_editors_on_other_systems_save_it(place: Place) -> None:
    place.write(place.folder, "\ufeffHEADWATER_WORKSPACE=björk\r\n# a remark\r\nexport HEADWATER_DNS=1.1.1.1\r\n")
    found = place.load()
    assert (found.workspace, found.dns) == ("björk", "1.1.1.1")


@pytest.mark.parametrize("content", [b"HEADWATER_WORKSPACE=bj\xf6rk\n", b"\xff\xfeH\x00E\x00"])
def test_a_file_that_can_not_be_read_is_named(place: Place, content: bytes) -> None:
    place.write(place.folder, content)
    assert str(place.folder / "headwater.env") in place.refused()


def test_a_folder_whose_file_can_not_even_be_looked_for_is_named(place: Place) -> None:
    place.home = place.home / ("a" * 300)  # stands for any refusal: root may enter every folder, not this one
    assert f"{place.home}/headwater.env can not be read (File name too long)" in place.refused()


def test_a_line_that_can_not_be_understood_is_named_without_showing_it(place: Place) -> None:
    place.write(place.folder, f"HEADWATER_DNS=1.1.1.1\nHEADWATER_SECRET='{SECRET}\n")
    sentence = place.refused()
    assert "headwater.env" in sentence
    assert "line 2" in sentence
    assert SECRET not in sentence


def test_secrets_do_not_print(place: Place) -> None:
    found = place.load(
        SECRET=SECRET, DATABASE_URL=f"postgresql://u:{SECRET}@h/d", HUNTER_API_KEY=SECRET, APOLLO_API_KEY=SECRET
    )
    shown = (repr(found), str(found), f"{found}", found.model_dump_json(), json.dumps(found.model_dump(), default=str))
    assert all(SECRET not in each for each in shown)
    assert SECRET not in repr(found.vendors["hunter"])
    assert pickle.loads(pickle.dumps(found)) == found


def test_a_refused_setting_does_not_show_another_ones_secret(place: Place) -> None:
    assert SECRET not in place.refused(LOG_LEVEL="LOUD", SECRET=SECRET, HUNTER_API_KEY=SECRET)


def test_settings_can_not_be_changed_later(place: Place) -> None:
    with pytest.raises(ValueError, match="frozen"):
        place.load().workspace = "other"  # type: ignore[misc]
