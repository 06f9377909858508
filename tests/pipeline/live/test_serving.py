"""The live server: only its own page gets anything, and the page follows the file."""

import http.client
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lasercam.errors import LasercamError
from lasercam.pipeline.live.rebuilding import Rebuilder
from lasercam.pipeline.live.serving import LiveServer
from tests.support.browser import Browser
from tests.support.jobs import broken, write_job


@pytest.fixture
def server() -> Iterator[LiveServer]:
    one = LiveServer("job.yaml")
    yield one
    one.close()


def answer(server: LiveServer, path: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        link.request("GET", path, headers=headers)
        got = link.getresponse()
        return got.status, got.read(), dict(got.getheaders())
    finally:
        link.close()


def test_only_who_knows_the_address_is_served(server: LiveServer) -> None:
    status, page, headers = answer(server, f"/{server.token}/")
    assert (status, page[:15]) == (200, b"<!doctype html>")
    assert headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert answer(server, "/")[0] == 403
    assert answer(server, f"/{server.token[:-1]}x/")[0] == 403
    assert answer(server, "/%C3%A4/")[0] == 403
    assert answer(server, f"/{server.token}/../etc/passwd")[0] == 403
    assert answer(server, f"/{server.token}/unknown")[0] == 404


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Host": "evil.example:{port}"}, {"Origin": "http://evil.example"}, {"Origin": "null"}],
)
def test_other_names_and_other_pages_get_nothing(server: LiveServer, headers: dict[str, str]) -> None:
    sent = {name: value.format(port=server.port) for name, value in headers.items()}
    assert answer(server, f"/{server.token}/", **sent)[0] == 403


def test_it_listens_on_this_computer_only(server: LiveServer) -> None:
    assert server._server.socket.getsockname()[0] == "127.0.0.1"
    assert server.url.startswith(f"http://127.0.0.1:{server.port}/")
    assert len(server.token) >= 32
    with pytest.raises(LasercamError, match=f"port {server.port} of 127.0.0.1"):
        LiveServer("second", server.port)


def test_only_the_newest_scene_is_kept(server: LiveServer) -> None:
    assert answer(server, f"/{server.token}/scene?version=0")[0] == 404
    server.scene(1, b"one")
    server.judged(1, {"findings": []})
    server.scene(2, b"two")
    assert answer(server, f"/{server.token}/scene?version=1")[0] == 404
    assert answer(server, f"/{server.token}/scene?version=2")[1] == b"two"
    for wrong in ("", "?version=", "?version=%C2%B2", "?version=-2"):
        assert answer(server, f"/{server.token}/scene{wrong}")[0] == 404


def test_a_page_that_comes_late_hears_what_holds(server: LiveServer) -> None:
    server.scene(3, b"three")
    server.judged(3, {"findings": ["</script>"]})
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    link.request("GET", f"/{server.token}/events")
    got = link.getresponse()
    lines = [got.readline().decode().strip() for _ in range(6)]
    link.close()
    assert got.headers["Content-Type"] == "text/event-stream"
    assert lines[0] == "event: scene"
    assert lines[3] == "event: judged"
    assert json.loads(lines[4].removeprefix("data: ")) == {"findings": ["</script>"], "version": 3}


def test_the_page_follows_the_file_and_keeps_the_last_good_picture(
    browser: Browser, server: LiveServer, tmp_path: Path
) -> None:
    job = write_job(tmp_path)
    rebuilder = Rebuilder(job, server)
    browser.open(server.url)
    browser.wait_for("document.readyState === 'complete' && document.getElementById('panel').inert")
    rebuilder.rebuild()
    browser.wait_for("document.documentElement.dataset.version === '1'")
    browser.wait_for("document.getElementById('findings-title').innerText.includes('warning')")
    assert browser.run("lasercam.picture.scene.facts.n_rows") > 0
    browser.run("lasercam.picture.camera.turn(0.4, 0); 0")
    yaw = browser.run("lasercam.picture.camera.yaw")
    before = browser.run("lasercam.picture.scene.facts.n_rows")

    write_job(tmp_path, broken("count: 5", "count: 9"))
    rebuilder.rebuild()
    browser.wait_for("document.documentElement.dataset.version === '2'")
    assert browser.run("lasercam.picture.scene.facts.n_rows") > before
    assert browser.run("lasercam.picture.camera.yaw") == yaw, "the view stays"
    assert browser.run("document.querySelectorAll('#summary table').length") >= 3

    write_job(tmp_path, broken("count: 5", "cuont: 5"))
    rebuilder.rebuild()
    browser.wait_for("!document.getElementById('problem').hidden")
    said = browser.run("document.getElementById('problem').innerText")
    assert "job.yaml, line 5, column" in said
    assert "did you mean 'count'?" in said
    assert browser.run("document.documentElement.dataset.version") == "2"

    write_job(tmp_path)
    rebuilder.rebuild()
    browser.wait_for("document.getElementById('problem').hidden")
    rebuilder.finish_judging()
    assert browser.said == []
    assert all(address.startswith(server.url) for address in browser.requests)
