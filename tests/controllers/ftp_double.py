"""A small FTP server: enough of RFC 959 to take files into folders and give them back."""

import socket
import threading
from contextlib import suppress


class FtpDouble:
    """Holds files by their whole path; `port` is where it listens."""

    def __init__(self, *, spoils: bool = False) -> None:
        self.files: dict[str, bytes] = {}
        self.folders = {"/Admin/Public/Trajectories"}
        self._spoils = spoils
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                one, _ = self._server.accept()
                threading.Thread(target=self._serve, args=(one,), daemon=True).start()

    def _serve(self, one: socket.socket) -> None:
        folder, data, is_in = "/", None, False
        with one, one.makefile("rb") as stream:
            say = lambda text: one.sendall(f"{text}\r\n".encode())  # noqa: E731
            say("220 ready")
            for raw in stream:
                verb, _, rest = raw.decode().strip().partition(" ")
                if verb == "USER":
                    say("331 password")
                elif verb == "PASS":
                    is_in = rest == "Administrator"
                    say("230 in" if is_in else "530 wrong password")
                elif not is_in:
                    say("530 log in")
                elif verb == "CWD":
                    if rest in self.folders:
                        folder = rest
                    say("250 there" if rest in self.folders else "550 no such folder")
                elif verb == "TYPE":
                    say("200 so")
                elif verb in ("PASV", "EPSV"):
                    data = socket.create_server(("127.0.0.1", 0))
                    port = data.getsockname()[1]
                    shown = f"(|||{port}|)" if verb == "EPSV" else f"(127,0,0,1,{port // 256},{port % 256})"
                    say(f"{229 if verb == 'EPSV' else 227} {shown}")
                elif verb in ("STOR", "RETR") and data is not None:
                    say("150 now")
                    path = f"{folder}/{rest}"
                    way, _ = data.accept()
                    with way:
                        if verb == "RETR":
                            way.sendall(self.files.get(path, b""))
                        else:
                            content = b""
                            while piece := way.recv(4096):
                                content += piece
                            self.files[path] = content[:-1] if self._spoils else content
                    data.close()
                    say("226 done")
                elif verb == "QUIT":
                    say("221 bye")
                    return
                else:
                    say("502 what?")
