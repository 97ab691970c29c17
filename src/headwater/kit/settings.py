"""Settings: the environment first, then ``headwater.env`` in the current folder, then the one in the data folder.

Every name starts with ``HEADWATER_``. A vendor's settings are ``HEADWATER_<VENDOR>_API_KEY``, ``_BASE_URL``,
``_LIMITS`` ("published", or ceilings such as "15/s,500/min"), ``_CREDIT_PRICE`` (dollars) and whatever the vendor's
adapter names (``HEADWATER_APOLLO_WEBHOOK_URL``).
"""

from collections.abc import Iterable, Mapping
from io import StringIO
from pathlib import Path

from dotenv.parser import parse_stream
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from headwater.kit.errors import BadInput

PREFIX = "HEADWATER_"
FILE = "headwater.env"


class VendorSettings(BaseModel):
    """What is set for one vendor account."""

    model_config = ConfigDict(frozen=True)

    api_key: SecretStr | None = None
    base_url: str | None = None
    limits: str | None = None
    credit_price: str | None = None
    options: dict[str, str] = Field(default_factory=dict)


class Settings(BaseModel):
    """All that can be set from outside; secrets do not print."""

    model_config = ConfigDict(frozen=True)

    home: Path
    database_url: SecretStr | None = None
    dns: str | None = None
    secret: SecretStr | None = None
    workspace: str = "default"
    shared_cache: bool = False
    smtp_helo: str | None = None
    smtp_mail_from: str | None = None
    smtp_port: int = Field(default=25, ge=1, le=65535)
    lists: str | None = None
    log_level: str = Field(default="WARNING", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    vendors: dict[str, VendorSettings] = Field(default_factory=dict)
    unknown: tuple[str, ...] = ()


_OWN = frozenset(Settings.model_fields) - {"vendors", "unknown"}
_VENDOR_OWN = frozenset(VendorSettings.model_fields) - {"options"}


def load(environ: Mapping[str, str], *, vendors: Iterable[str], folder: Path) -> Settings:
    """Read the settings. Raises BadInput naming the setting that can not be used."""
    here = {**_file(folder / FILE), **environ}
    home = Path(here.get(f"{PREFIX}HOME") or _default_home(environ)).expanduser().absolute()
    merged = {**_file(home / FILE), **here}
    given = {name.removeprefix(PREFIX).lower(): value for name, value in merged.items() if name.startswith(PREFIX)}
    own = {name: value for name, value in given.items() if name in _OWN and value != ""} | {"home": home}
    accounts, unknown = _vendors({name: value for name, value in given.items() if name not in _OWN}, vendors)
    try:
        return Settings.model_validate({**own, "vendors": accounts, "unknown": unknown})
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + str(first["loc"][0]).upper()
        raise BadInput(f"{name}: {first['msg'].lower()}; correct it in the environment or in {FILE}.") from None


def _default_home(environ: Mapping[str, str]) -> str:
    data = environ.get("XDG_DATA_HOME") or f"{environ.get('HOME') or '~'}/.local/share"
    return f"{data}/headwater"


def _file(path: Path) -> dict[str, str]:
    """The values of a file as they stand in it; nothing of the environment is filled in."""
    try:
        if not path.is_file():
            return {}
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise BadInput(f"{path} can not be read ({error.strerror}); correct that, or choose another folder.") from None
    except UnicodeError:
        raise BadInput(f"{path} can not be read as UTF-8 text; save it anew.") from None
    found = list(parse_stream(StringIO(text)))
    for each in found:
        if each.error:
            raise BadInput(f"{path}, line {each.original.line} is not understood; write NAME=value, with both quotes.")
    return {each.key: each.value for each in found if each.key and each.value is not None}


def _vendors(given: Mapping[str, str], vendors: Iterable[str]) -> tuple[dict[str, VendorSettings], tuple[str, ...]]:
    accounts: dict[str, VendorSettings] = {}
    used: set[str] = set()
    for vendor in vendors:
        mine = {name.removeprefix(f"{vendor}_"): name for name in given if name.startswith(f"{vendor}_")}
        values = {short: given[name] for short, name in mine.items() if given[name] != ""}
        used |= set(mine.values())
        fixed = {short: value for short, value in values.items() if short in _VENDOR_OWN}
        options = {short: value for short, value in values.items() if short not in _VENDOR_OWN}
        if values:
            accounts[vendor] = VendorSettings.model_validate({**fixed, "options": options})
    return accounts, tuple(PREFIX + name.upper() for name in sorted(set(given) - used))
