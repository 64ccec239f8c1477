"""What `make demo` runs, as a process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest


def test_demo_serves_and_stops(tmp_path):
    """It builds, prints who can sign in, answers, sends mail from a second process, and stops."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "academy_demo", "--folder", str(tmp_path / "demo")]
    log = (tmp_path / "log").open("w+")
    process = subprocess.Popen(
        [*command, "--pupils", "60", "--port", str(port)],
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        umask=0o022,
    )
    try:
        page = _open(f"http://127.0.0.1:{port}/connexion", process)
        assert "Se connecter" in page
        log.seek(0)
        printed = log.read()
        assert "première connexion avec sa notification" in printed
        assert f"http://127.0.0.1:{port}/demo/courriels" in printed
        files = list((tmp_path / "demo").rglob("*"))
        assert len(files) > 10
        assert [file for file in files if file.stat().st_mode & 0o077] == []
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
        with pytest.raises(ProcessLookupError):
            for _try in range(100):
                os.killpg(process.pid, 0)
                time.sleep(0.1)
    finally:
        log.close()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _open(url, process):
    for _try in range(600):
        assert process.poll() is None, "the demo stopped by itself"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the demo does not answer")
