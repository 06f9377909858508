"""The link that a command opens: a serial port, a network address, or a simulated controller."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lasercam.api.running import Machine, Transport


def require_one_link(port: str | None, tcp: str | None, *, simulate: bool) -> None:
    """Exactly one is named; raises UsageError."""
    from lasercam.errors import UsageError

    if sum((port is not None, tcp is not None, simulate)) != 1:
        raise UsageError("name one link: --port PORT, --tcp HOST:PORT or --simulate")


def open_link(machine: "Machine", port: str | None, tcp: str | None) -> "Transport":
    """The transport; a simulated controller of that machine where neither is given.

    Raises:
        LinkError, UsageError: it cannot be opened; with what to do.
    """
    from lasercam.api.running import serial_link, simulated_link, tcp_link

    if port is not None:
        return serial_link(port)
    return simulated_link(machine) if tcp is None else tcp_link(*read_address(tcp))


def read_address(text: str) -> tuple[str, int]:
    """Host and port of HOST:PORT; raises UsageError."""
    from lasercam.errors import UsageError

    host, _, number = text.rpartition(":")
    if not host or not (number.isascii() and number.isdecimal() and 0 < int(number[:6]) < 65_536):
        raise UsageError(f"'{text}' is no address; write HOST:PORT, such as 192.168.0.5:23")
    return host, int(number)
