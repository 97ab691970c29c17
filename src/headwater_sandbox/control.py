"""`/_sandbox`: meter, truth, log of requests and settings, for people and tests. No vendor has these."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from headwater_sandbox import meter, truth
from headwater_sandbox.errors import UsageError
from headwater_sandbox.gate import Desk


def routes(desk: Desk) -> list[Route]:
    """The control routes of one desk."""
    control = _Control(desk)
    table = {
        "meter": (control.meter, ["GET"]), "charges": (control.charges, ["GET"]),
        "requests": (control.requests, ["GET"]), "truth": (control.truth, ["GET"]),
        "settings": (control.settings, ["GET", "POST"]), "people": (control.people, ["POST"]),
        "health": (control.health, ["GET"]),
    }  # fmt: skip
    return [Route(f"/_sandbox/{name}", handler, methods=methods) for name, (handler, methods) in table.items()]


class _Control:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def health(self, request: Request) -> JSONResponse:
        return JSONResponse({"ok": True, "seed": self.desk.settings.seed})

    async def meter(self, request: Request) -> JSONResponse:
        return JSONResponse(meter.read(self.desk.store))

    async def charges(self, request: Request) -> JSONResponse:
        return JSONResponse(meter.charges(self.desk.store, request.query_params.get("vendor")))

    async def requests(self, request: Request) -> JSONResponse:
        return JSONResponse(meter.requests(self.desk.store, request.query_params.get("vendor")))

    async def truth(self, request: Request) -> JSONResponse:
        query = request.query_params
        if email := query.get("email"):
            return _found(truth.of_email(self.desk.directory, email))
        if number := query.get("all"):
            count = min(int(number), 10_000) if number.isdigit() else 0
            return JSONResponse(list(truth.everybody(self.desk.directory, count)))
        words = [query.get(name, "") for name in ("first", "last", "domain", "company")]
        return _found(truth.of_name(self.desk.directory, *words))

    async def settings(self, request: Request) -> JSONResponse:
        if request.method == "POST":
            try:
                change = await request.json()
                self.desk.settings.update(change if isinstance(change, dict) else {})
                self.desk.store.put("settings", self.desk.settings.dump())
            except (UsageError, ValueError) as error:
                return JSONResponse({"error": str(error)}, status_code=422)
        return JSONResponse(self.desk.settings.dump())

    async def people(self, request: Request) -> JSONResponse:
        """Announce a file's people, so that even `jdoe` of a stranger can be probed before any vendor was asked."""
        try:
            rows = await request.json()
            asked = [_asked(self.desk, row) for row in rows]
        except (ValueError, TypeError, AttributeError) as error:
            text = f"Send a list of objects with first, last and domain or company: {error}"
            return JSONResponse({"error": text}, 422)
        with self.desk.store.transaction():
            met = self.desk.directory.meet(one for one in asked if one)
        return JSONResponse({"asked": len(asked), "exist": met})


def _asked(desk: Desk, row: Any) -> tuple[str, str, str] | None:
    domain = desk.directory.domain_of(str(row.get("domain") or ""), str(row.get("company") or ""))
    first, last = str(row.get("first") or ""), str(row.get("last") or "")
    return (first, last, domain) if first and last and domain else None


def _found(facts: dict[str, Any] | None) -> JSONResponse:
    return JSONResponse(facts) if facts else JSONResponse({"error": "Give first, last and domain, or an e-mail."}, 422)
