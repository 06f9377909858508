"""A controller at a serial port, through pyserial."""

import errno
import os
import time
from pathlib import Path
from typing import Any, Final

from lasercam.errors import LinkError, nearest
from lasercam.transports.lines import LineCutter

DEFAULT_BAUD: Final = 115_200
"""GRBL 1.1 and grblHAL: 115200 8N1. Source: GRBL 1.1 documentation "Interface"."""
_WRITE_TIMEOUT_S: Final = 2.0
_READ_BYTES: Final = 4096


class SerialPort:
    """A Transport over a serial port that nobody else may open meanwhile.

    Opening it toggles DTR, which resets many boards: expect a banner first.

    Args:
        port: `/dev/ttyUSB0`, `COM3`, or a URL that pyserial knows.
        baud: rate, 8N1.
        write_timeout_s: bytes that do not leave in that time mean a link that blocks.

    Raises:
        LinkError: no such port, no permission, in use; says what to do.
    """

    def __init__(self, port: str, *, baud: int = DEFAULT_BAUD, write_timeout_s: float = _WRITE_TIMEOUT_S) -> None:
        import serial

        self._failures: tuple[type[BaseException], ...] = (serial.SerialException, OSError, TypeError, AttributeError)
        self._timeout: type[BaseException] = serial.SerialTimeoutException
        self.port = port
        try:
            self._serial: Any = serial.serial_for_url(
                port, baudrate=baud, bytesize=8, parity="N", stopbits=1, timeout=0, write_timeout=write_timeout_s,
                exclusive=True if os.name == "posix" else None,
            )  # fmt: skip
        except (serial.SerialException, OSError, ValueError) as error:
            raise LinkError(_why_not(port, error)) from error
        self._cutter = LineCutter()
        self._is_open = True

    def write(self, data: bytes) -> None:
        """Send everything."""
        self._need_open()
        try:
            self._serial.write(data)
        except self._timeout as error:
            raise LinkError(f"{self.port} takes no bytes any more: the controller or its cable hangs") from error
        except self._failures as error:
            raise LinkError(f"{self.port} is gone ({_reason(error)}): unplugged, or its power was cut") from error

    def read_line(self, timeout_s: float) -> bytes | None:
        """The next line, or None."""
        self._need_open()
        deadline = time.monotonic() + timeout_s
        while True:
            line = self._cutter.take()
            if line is not None:
                return line
            left = deadline - time.monotonic()
            try:
                self._serial.timeout = max(left, 0.0)
                data = self._serial.read(1)
                if data:
                    data += self._serial.read(min(self._serial.in_waiting, _READ_BYTES))
            except self._failures as error:
                raise LinkError(f"{self.port} is gone ({_reason(error)}): unplugged, or its power was cut") from error
            self._cutter.add(data)
            if not data and left <= 0:
                return None

    def now_s(self) -> float:
        """Real time."""
        return time.monotonic()

    def close(self) -> None:
        """Close the port."""
        if self._is_open:
            self._is_open = False
            try:
                self._serial.close()
            except self._failures:
                return  # it is gone anyway

    def _need_open(self) -> None:
        if not self._is_open:
            raise LinkError(f"{self.port} has been closed")


def port_names() -> list[str]:
    """Serial ports that this computer shows."""
    from serial.tools import list_ports

    return sorted(port.device for port in list_ports.comports())


def _why_not(port: str, error: BaseException) -> str:
    code = getattr(error, "errno", None)
    known = port_names()
    if isinstance(error, ValueError):
        return f"'{port}' is no port that can be opened ({_reason(error)})"
    if code == errno.ENOENT or (code is None and not Path(port).exists() and os.name == "posix"):
        close = nearest(port, known)
        ask = f"; did you mean {close[0]}?" if close else "."
        return f"there is no port {port}{ask} Ports of this computer: {', '.join(known) or 'none'}"
    if code == errno.EACCES:
        return f"{port} may not be opened by this user; join its group (often `dialout`) and log in again"
    if code in (errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK) or "lock" in str(error).lower():
        return f"{port} is in use by another program; close it there first"
    return f"{port} cannot be opened ({_reason(error)}). Ports of this computer: {', '.join(known) or 'none'}"


def _reason(error: BaseException) -> str:
    code = getattr(error, "errno", None)
    return (
        os.strerror(code) if isinstance(code, int) else str(error).splitlines()[0] if str(error) else "no reason given"
    )
