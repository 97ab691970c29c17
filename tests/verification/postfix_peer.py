"""A real Postfix, with postgrey beside it, on loopback and in a folder of its own; gone when the tests are done."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

ADDRESS = "127.78.0.1"
GREY_SECONDS = 2  # postgrey's default is 300
LIVES = "anna.smith"

# It takes mail for these, delivers none (there is no queue manager), asks no DNS and offers no TLS.
DOMAINS = {each: f"{each}.postfix-hw.com" for each in ("local", "virtual", "grey", "all", "blocked")}
_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file_prefixes = {folder}
maillog_file = {folder}/log
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
myhostname = mx.postfix-hw.com
inet_interfaces = loopback-only
inet_protocols = ipv4
mynetworks = 192.0.2.0/24
alias_maps =
alias_database =
mydestination = {local}
local_recipient_maps = inline:{{ {{ {lives} = x }} }}
virtual_mailbox_domains = {virtual}, {grey}, {all}, {blocked}
virtual_mailbox_maps = inline:{{ {{ {lives}@{virtual} = x }}, {{ {lives}@{grey} = x }}, {{ @{all} = x }} }}
smtpd_error_sleep_time = 0
smtpd_peername_lookup = no
smtpd_helo_required = yes
smtpd_helo_restrictions = reject_non_fqdn_helo_hostname
smtpd_sender_restrictions = reject_non_fqdn_sender
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions =
  check_recipient_access inline:{{ {{ {blocked} = reject_everybody }}, {{ {grey} = grey }} }}
smtpd_restriction_classes = grey, reject_everybody
grey = check_policy_service inet:127.0.0.1:{postgrey}
reject_everybody = check_client_access static:REJECT
"""
_MASTER = """
{address}:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


class NotHere(Exception):
    """Why there is no Postfix to test with."""


def free_port(address: str) -> int:
    with socket.create_server((address, 0)) as found:
        return int(found.getsockname()[1])


@contextmanager
def postfix() -> Iterator[int]:
    """The port of a running Postfix; ``NotHere`` where that can not be had."""
    for command in ("postfix", "postgrey"):
        if shutil.which(command, path=_PATH) is None:
            raise NotHere(f"{command} is not installed; see scripts/install_peers.sh")
    if os.geteuid() != 0:
        raise NotHere("only root may start Postfix")
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="hw-postfix-"))
        stack.callback(shutil.rmtree, folder)
        folder.chmod(0o755)  # the daemons run as users of their own, who must be able to enter
        grey = free_port("127.0.0.1")
        stack.enter_context(_postgrey(folder / "grey", grey))
        yield stack.enter_context(_master(folder, grey))


_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"


@contextmanager
def _postgrey(folder: Path, port: int) -> Iterator[None]:
    owner = pwd.getpwnam("postgrey")
    folder.mkdir()
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    command = [
        "postgrey", f"--inet=127.0.0.1:{port}", f"--dbdir={folder}", f"--delay={GREY_SECONDS}",
        "--whitelist-clients=/dev/null", "--whitelist-recipients=/dev/null", "--quiet",
    ]  # fmt: skip
    process = subprocess.Popen(command, env=_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait("127.0.0.1", port, "postgrey")
        yield
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def _master(folder: Path, grey: int) -> Iterator[int]:
    port = free_port(ADDRESS)
    settings = {"folder": folder, "address": ADDRESS, "port": port, "postgrey": grey, "lives": LIVES, **DOMAINS}
    config = folder / "config"
    for name in ("config", "queue", "data"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    (config / "main.cf").write_text(_MAIN.format(**settings))
    (config / "master.cf").write_text(_MASTER.format(**settings))
    try:
        _run("postfix", "-c", str(config), "start")
    except NotHere as failure:
        log = folder / "log"
        raise NotHere(f"{failure} {log.read_text()[-500:] if log.exists() else ''}") from None
    try:
        _wait(ADDRESS, port, "Postfix")
        yield port
    finally:
        _run("postfix", "-c", str(config), "stop")


def _run(*command: str) -> None:
    done = subprocess.run(command, env=_environment(), capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise NotHere(f"{' '.join(command[::3])} failed: {(done.stderr or done.stdout).strip()[-300:]}")


def _environment() -> Mapping[str, str]:
    return {**os.environ, "PATH": _PATH}


def _wait(address: str, port: int, who: str) -> None:
    until = time.monotonic() + 15
    while time.monotonic() < until:
        try:
            socket.create_connection((address, port), timeout=5).close()
            return
        except OSError:
            time.sleep(0.05)
    raise NotHere(f"{who} does not listen after 15 seconds")
