"""The web application: the vendors and the control desk on one port."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Route as WebRoute

from headwater_sandbox import control
from headwater_sandbox.directory import Directory
from headwater_sandbox.gate import Desk, Endpoint, Vendor
from headwater_sandbox.knowledge import Knowledge
from headwater_sandbox.settings import Settings
from headwater_sandbox.store import Store
from headwater_sandbox.vendors import (
    apollo,
    briteverify,
    dropcontact,
    emaillistverify,
    hunter,
    icypeas,
    neverbounce,
    zerobounce,
)
from headwater_sandbox.world import World

VENDORS: tuple[Vendor, ...] = (
    hunter.VENDOR, apollo.VENDOR, icypeas.VENDOR, dropcontact.VENDOR,
    zerobounce.VENDOR, neverbounce.VENDOR, emaillistverify.VENDOR, briteverify.VENDOR,
)  # fmt: skip


def open_desk(settings: Settings, home: Path) -> Desk:
    """World, memory and knowledge over one home."""
    store = Store(home)
    with store.transaction():
        store.put("settings", settings.dump())
    directory = Directory(World(settings), store)
    return Desk(settings, store, directory, Knowledge(directory))


def build(desk: Desk) -> Starlette:
    """The application; misses of the routing table are 404 as anywhere."""
    web = [
        WebRoute(vendor.prefix + route.path, Endpoint(desk, vendor, route), methods=[route.method])
        for vendor in VENDORS
        for route in vendor.routes
    ]
    return Starlette(routes=[*web, *control.routes(desk)])
