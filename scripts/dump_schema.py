"""Write the schema that the migrations make to src/headwater/db/schema.sql, or print that of a given database.

    python scripts/dump_schema.py            migrate an empty database and rewrite the file
    python scripts/dump_schema.py ADDRESS    print the schema of a migrated database

The file is what reviewers read and what a test compares with the migrations. It is made by pg_dump, and what differs
from server to server (15 to 18) or from run to run is taken out.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from headwater.db.embedded import EmbeddedServer
from headwater.db.embedded.binaries import find_binaries
from headwater.db.migrate import upgrade

TARGET = Path(__file__).resolve().parents[1] / "src" / "headwater" / "db" / "schema.sql"
HEADING = "-- Made by scripts/dump_schema.py from the migrations; change those and run it again.\n\n"

# Comments, psql's own commands and settings of the dumping session name versions and random keys; column options are
# the server's own notes, for the migrations set none.
_NOISE = re.compile(
    r"^(--.*|\\.*|SET .*|SELECT pg_catalog\.set_config.*|ALTER TABLE ONLY \S+ ALTER COLUMN \S+ SET \(.*\);)\n",
    re.MULTILINE,
)
_BLANKS = re.compile(r"\n{3,}")


def dump(address: str) -> str:
    """The schema ``headwater`` of a database, with owners and privileges."""
    program = find_binaries().install / "bin" / "pg_dump"
    command = [str(program), "--schema-only", "--schema=headwater", f"--dbname={address}"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    made = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        sys.exit(f"pg_dump failed: {made.stderr.strip()}")
    return HEADING + _BLANKS.sub("\n\n", _NOISE.sub("", made.stdout)).strip() + "\n"


def main() -> None:
    if len(sys.argv) > 1:
        sys.stdout.write(dump(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory(prefix="hw-schema-") as folder:
        Path(folder).chmod(0o755)  # started by root, the server runs as a user of its own
        with EmbeddedServer(Path(folder) / "home") as server:
            upgrade(server.conninfo())
            TARGET.write_text(dump(server.conninfo()), "utf-8")


if __name__ == "__main__":
    main()
