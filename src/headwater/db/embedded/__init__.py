"""A PostgreSQL of Headwater's own, used when no HEADWATER_DATABASE_URL is given.

Use: `with EmbeddedServer(home) as server: psycopg.connect(server.conninfo())`
"""

import sys

if sys.platform == "win32":
    from headwater.db.embedded.windows import EmbeddedServer, find_binaries
else:
    from headwater.db.embedded.binaries import find_binaries
    from headwater.db.embedded.server import EmbeddedServer

from headwater.db.embedded.errors import (
    CreateAccount,
    EmbeddedError,
    FixFolder,
    FreeDiskSpace,
    ReadServerLog,
    RestoreBackup,
    StopOtherServer,
    UpgradeData,
    UseOwnDatabase,
)
from headwater.db.embedded.status import ServerStatus

__all__ = [
    "CreateAccount",
    "EmbeddedError",
    "EmbeddedServer",
    "FixFolder",
    "FreeDiskSpace",
    "ReadServerLog",
    "RestoreBackup",
    "ServerStatus",
    "StopOtherServer",
    "UpgradeData",
    "UseOwnDatabase",
    "find_binaries",
]
