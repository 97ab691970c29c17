"""The two ways to look at a process agree, and only the right process passes for ours."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from headwater.db.embedded import places, serverlog
from headwater.db.embedded.identity import CLUSTER_NAME, PidFile, Standing, _standing
from headwater.db.embedded.processes import ProcessFacts, _facts_from_proc, _facts_from_ps, _words

DATA = Path("/home/ann/head water/postgres/18/data")
COMMAND = ("/opt/postgres", "-D", str(DATA), "-c", "port=5432", "-c", f"cluster_name={CLUSTER_NAME}")
OURS = ProcessFacts(pid=7, uid=1000, started=1_000_000.4, command=COMMAND, zombie=False)
NOTED = PidFile(pid=7, started=1_000_000)


def test_ps_and_proc_tell_the_same_of_a_process() -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        from_proc, from_ps = _facts_from_proc(process.pid), _facts_from_ps(process.pid)
        assert from_proc is not None
        assert from_ps is not None
        assert (from_ps.uid, from_ps.zombie, from_ps.pid) == (from_proc.uid, from_proc.zombie, from_proc.pid)
        assert abs(from_ps.started - from_proc.started) <= 2
        process.kill()


def test_zombie_is_seen_both_ways() -> None:
    process = subprocess.Popen(["true"])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    for look in (_facts_from_proc, _facts_from_ps):
        facts = look(process.pid)
        assert facts is not None
        assert facts.zombie
    process.wait()
    assert _facts_from_proc(process.pid) is None
    assert _facts_from_ps(process.pid) is None


def test_our_server_is_proven() -> None:
    assert _standing(OURS, NOTED, DATA, 1000) is Standing.OURS


def test_every_part_of_the_proof_is_needed() -> None:
    changed = {
        Standing.GONE: None,
        Standing.ZOMBIE: replace(OURS, zombie=True),
        Standing.FOREIGN: replace(OURS, command=("sleep", "300")),
    }
    for standing, facts in changed.items():
        assert _standing(facts, NOTED, DATA, 1000) is standing
    for facts in (
        replace(OURS, uid=1001),
        replace(OURS, started=OURS.started + 60),
        replace(OURS, command=COMMAND[:3]),
    ):
        assert _standing(facts, NOTED, DATA, 1000) is Standing.UNPROVEN


def test_server_on_another_data_folder_is_foreign() -> None:
    assert _standing(OURS, NOTED, DATA.with_name("data2"), 1000) is Standing.FOREIGN


@given(
    st.text(st.characters(exclude_characters="\0\n", exclude_categories=("Cs",)), min_size=1).map(lambda t: f"/{t}/x")
)
def test_line_of_ps_is_cut_at_our_options_only(folder: str) -> None:
    if " -c " in folder or " -D " in folder:
        return
    command = ("/opt/my apps/postgres", "-D", folder, "-c", "cluster_name=headwater")
    assert _words(" ".join(command)) == command


def test_what_was_told_to_a_visitor_is_not_why_the_server_ended(tmp_path: Path) -> None:
    """Somebody may try to connect between the last complaint and the end."""
    found = places.Places(tmp_path, places.account_for(tmp_path))
    found.launch_log.parent.mkdir(parents=True, exist_ok=True)
    found.launch_log.write_text(
        "PANIC:  could not locate a valid checkpoint record\nFATAL:  the database system is starting up\n"
    )
    assert "(could not locate a valid checkpoint record)" in str(serverlog.explain_end(found))
