"""`lasercam watch` as a person runs it: a process that shows, follows, and ends on Ctrl-C."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from tests.support.jobs import broken, write_job


def test_it_shows_follows_and_ends(tmp_path: Path) -> None:
    job = write_job(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "lasercam", "watch", str(job), "--no-browser"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert process.stdout is not None
    try:
        first = process.stdout.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+/\S+/", first)
        assert address is not None, first
        process.stdout.readline()
        assert process.stdout.readline().startswith("picture 1:")
        with urllib.request.urlopen(address[0], timeout=10) as page:  # noqa: S310 - our own address
            assert page.status == 200
        write_job(tmp_path, broken("50 um, length", "-50 um, length"))
        assert "job.yaml:5:" in process.stdout.readline()
        beside = write_job(tmp_path, name=".job.yaml.swp")
        beside.replace(job)
        assert process.stdout.readline().startswith("picture 2:")
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, rest
    assert "Traceback" not in rest
