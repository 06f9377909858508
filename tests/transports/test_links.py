"""Real links: a serial port and a TCP socket to the same simulated controller, a child process, and what can fail."""

import os
import socket
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lasercam.errors import LinkError
from lasercam.transports.lines import MAX_LINE_BYTES, LineCutter
from lasercam.transports.process import ProcessLink
from lasercam.transports.serial_port import SerialPort
from lasercam.transports.server import Door, PtyDoor, TcpDoor, serve
from lasercam.transports.simulated.link import SimulatedLink
from lasercam.transports.tcp import TcpLink
from tests.transports.host import Host, controller


class Served:
    """A simulated controller behind a door, in a thread of its own."""

    def __init__(self, door: Door) -> None:
        self.door, self.controller = door, controller()
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=serve, args=(self.controller, door), kwargs={"shall_stop": self._stop.is_set}
        )
        self._thread.start()

    def end(self) -> None:
        self._stop.set()
        self._thread.join()
        self.door.close()


@pytest.fixture
def pty() -> Iterator[Served]:
    if os.name != "posix":
        pytest.skip("pseudo terminals need a POSIX system")
    served = Served(PtyDoor())
    yield served
    served.end()


@pytest.fixture
def tcp() -> Iterator[Served]:
    served = Served(TcpDoor())
    yield served
    served.end()


def repeatedly(action: Callable[[], object], n: int, pause_s: float = 0.0) -> None:
    """What fails may take a few tries."""
    for _ in range(n):
        action()
        time.sleep(pause_s)


def converse(host: Host, served: Served) -> None:
    assert host.told("$I")[1] == "[OPT:V,15,128]"
    assert host.stream([b"G21G90F600\n", b"M3S0\n", b"G1X1S1000\n", b"S0\n", b"M5\n", b"G4P0\n"]) == ["ok"] * 6
    assert host.status().startswith("<Idle|MPos:1.000,0.000,0.000|Bf:15,128|")
    (line,) = (piece for piece in served.controller.exposed() if piece.kind == "line")
    assert line.whole


def test_serial_port(pty: Served) -> None:
    link = SerialPort(pty.door.name)
    converse(Host(link), pty)
    begin = time.monotonic()
    assert link.read_line(0.1) is None
    assert time.monotonic() - begin >= 0.1
    link.close()
    link.close()
    for use in (lambda: link.write(b"?"), lambda: link.read_line(0.1)):
        with pytest.raises(LinkError, match="closed"):
            use()


def test_serial_port_is_used_by_one_only(pty: Served) -> None:
    link = SerialPort(pty.door.name)
    with pytest.raises(LinkError, match="in use by another program"):
        SerialPort(pty.door.name)
    link.close()


def test_unplugged_serial_port() -> None:
    ours, theirs = os.openpty()
    link = SerialPort(os.ttyname(theirs))
    os.close(theirs)
    os.close(ours)
    with pytest.raises(LinkError, match="gone"):
        repeatedly(lambda: link.read_line(0.1), 10)
    with pytest.raises(LinkError, match="gone"):
        repeatedly(lambda: link.write(b"?"), 10)
    link.close()


def test_blocked_serial_port() -> None:
    ours, theirs = os.openpty()
    link = SerialPort(os.ttyname(theirs), write_timeout_s=0.1)
    with pytest.raises(LinkError, match="takes no bytes"):
        repeatedly(lambda: link.write(b"x" * 4096), 100)
    link.close()
    os.close(theirs)
    os.close(ours)


def test_missing_port() -> None:
    with pytest.raises(LinkError, match=r"there is no port /dev/ttyNONE9.*Ports of this computer"):
        SerialPort("/dev/ttyNONE9")


@pytest.mark.parametrize("name", ["nonsense://x", "socket://"])
def test_strange_port(name: str) -> None:
    with pytest.raises(LinkError):
        SerialPort(name)


def test_port_without_permission(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may open everything")
    path = tmp_path / "port"
    path.touch()
    path.chmod(0)
    with pytest.raises(LinkError, match="may not be opened by this user"):
        SerialPort(str(path))


def test_tcp(tcp: Served) -> None:
    assert isinstance(tcp.door, TcpDoor)
    link = TcpLink("127.0.0.1", tcp.door.port)
    converse(Host(link), tcp)
    assert link.read_line(0.0) is None
    link.close()
    link.close()
    with pytest.raises(LinkError, match="closed"):
        link.write(b"?")
    again = TcpLink("127.0.0.1", tcp.door.port)
    assert Host(again).state() == "Idle"
    again.close()


def test_tcp_where_nobody_is() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(LinkError, match=r"nobody answers at 127\.0\.0\.1"):
        TcpLink("127.0.0.1", port)
    with pytest.raises(LinkError, match="1 to 65535"):
        TcpLink("127.0.0.1", 70_000)
    with pytest.raises(LinkError, match="1 to 65535"):
        TcpDoor(-1)


def test_tcp_hung_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        link = TcpLink("127.0.0.1", server.getsockname()[1])
        peer, _ = server.accept()
        peer.sendall(b"half a li")
        peer.close()
        with pytest.raises(LinkError, match="hung up"):
            link.read_line(2.0)
        link.close()


def test_tcp_that_takes_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        link = TcpLink("127.0.0.1", server.getsockname()[1], write_timeout_s=0.1)
        with pytest.raises(LinkError, match="takes no bytes"):
            repeatedly(lambda: link.write(b"x" * 100_000), 1000)
        link.close()


def test_real_time_simulation() -> None:
    made = controller()
    link = SimulatedLink(made, real_time=True)
    begin = time.monotonic()
    host = Host(link)
    assert host.ask("G4P0.1") == "ok"
    assert time.monotonic() - begin >= 0.1
    link.close()
    with pytest.raises(LinkError, match="closed"):
        link.read_line(0.1)


ECHO = """\
#!{python}
import sys
print("Grbl 1.1h ['$' for help]", flush=True)
while True:
    line = sys.stdin.buffer.readline()
    if not line or line == b"die\\n":
        break
    print("ok" if line == b"G0X1\\n" else repr(line), flush=True)
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "firmware"
    path.write_text(ECHO.format(python=sys.executable))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_process(program: Path) -> None:
    link = ProcessLink(str(program))
    host = Host(link)
    assert host.line(10.0) == "Grbl 1.1h ['$' for help]"
    assert host.ask("G0X1") == "ok"
    link.write(b"\x06\xffG0X1\n")
    assert host.line(10.0) == "ok", "bytes that would end the simulator are kept back"
    link.freeze()
    link.write(b"G0X1\n")
    assert host.line(0.3) is None
    link.thaw()
    assert host.line(10.0) == "ok"
    link.power_cycle()
    assert host.line(10.0) == "Grbl 1.1h ['$' for help]"
    link.write(b"die\n")
    with pytest.raises(LinkError, match="ended"):
        host.line(10.0)
    with pytest.raises(LinkError, match="ended"):
        repeatedly(lambda: link.write(b"?"), 100, 0.01)
    link.close()
    link.close()


def test_process_that_is_not_there() -> None:
    for command in ("/nowhere/grbl_sim", ""):
        with pytest.raises(LinkError, match="LASERCAM_GRBL_SIM"):
            ProcessLink(command)


def test_lines_are_cut_wherever_bytes_come() -> None:
    cutter = LineCutter()
    found = []
    for byte in b"ok\r\n<Idle>\n\r\nerr":
        cutter.add(bytes([byte]))
        if (line := cutter.take()) is not None:
            found.append(line)
    assert found == [b"ok", b"<Idle>", b""]


def test_endless_line_is_another_device() -> None:
    cutter = LineCutter()
    with pytest.raises(LinkError, match="baud rate"):
        cutter.add(b"x" * (MAX_LINE_BYTES + 1))
