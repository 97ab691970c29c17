"""A really started sandbox, spoken to over real sockets."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import pytest

QUIET = ("--latency", "0", "--fault", "none", "--limits", "off")
CERTAIN = (
    "hunter.claimed=0", "hunter.verifier_running=0", "hunter.verifier_odd=0", "icypeas.aborted=0", "smtp.greylist=0",
    "smtp.tempfail=0", "smtp.full=0", "smtp.blocked=0",
)  # fmt: skip


class Sandbox:
    """One running process and a client for it."""

    def __init__(self, home: Path, *options: str) -> None:
        self.home = home
        command = [
            sys.executable,
            "-m",
            "headwater_sandbox",
            "serve",
            "--home",
            str(home),
            "--exit-with-parent",
            *options,
        ]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdout is not None
        self.where: dict[str, Any] = json.loads(self.process.stdout.readline())
        self.http = httpx.Client(trust_env=False, timeout=20)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop(signal.SIGKILL)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End the process and close all pipes to it."""
        self.http.close()
        if self.process.poll() is None:
            os.kill(self.process.pid, number)
        code = self.process.wait(10)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        return code

    def hunter(self, path: str, key: str = "k", **query: Any) -> httpx.Response:
        return self.http.get(f"{self.where['hunter']}/{path}", params={**query, "api_key": key})

    def apollo(self, path: str, key: str = "k", details: Any = None, **query: Any) -> httpx.Response:
        body = None if details is None else {"details": details}
        headers = {"x-api-key": key}
        return self.http.post(f"{self.where['apollo']}/{path}", params=query, json=body, headers=headers)

    def apollo_get(self, path: str, key: str = "k", **query: Any) -> httpx.Response:
        return self.http.get(f"{self.where['apollo']}/{path}", params=query, headers={"x-api-key": key})

    def icypeas(self, path: str, body: Any, key: str = "k") -> httpx.Response:
        return self.http.post(f"{self.where['icypeas']}/{path}", json=body, headers={"Authorization": key})

    def dropcontact(self, data: Any, key: str = "k", **more: Any) -> httpx.Response:
        url = f"{self.where['dropcontact']}/v1/enrich/all"
        return self.http.post(url, json={"data": data, **more}, headers={"X-Access-Token": key})

    def dropcontact_get(self, path: str, key: str = "k", **query: Any) -> httpx.Response:
        url = f"{self.where['dropcontact']}/v1/{path}"
        return self.http.get(url, params=query, headers={"X-Access-Token": key})

    def control(self, path: str, **query: Any) -> Any:
        return self.http.get(f"{self.where['control']}/{path}", params=query).json()

    def change(self, **change: Any) -> httpx.Response:
        return self.http.post(f"{self.where['control']}/settings", json=change)

    def people(self, number: int = 150) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control("truth", all=number)
        return found


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Sandbox]]:
    """Starts sandboxes; whatever a test leaves running ends with the session."""
    started: list[Sandbox] = []

    def launch(*options: str, home: Path | None = None, quiet: bool = True) -> Sandbox:
        certain = [word for rate in CERTAIN for word in ("--rate", rate)] if quiet else []
        box = Sandbox(home or tmp_path_factory.mktemp("home"), *(QUIET if quiet else ()), *certain, *options)
        started.append(box)
        return box

    yield launch
    for box in started:
        box.stop(signal.SIGKILL)


@pytest.fixture(scope="session")
def sandbox(start: Callable[..., Sandbox]) -> Sandbox:
    """One shared by tests which change nothing."""
    return start()
