"""Trajectory files taken to a controller by FTP, and read back."""

import ftplib
import io
from collections.abc import Mapping
from typing import Final

from lasercam.errors import LinkError

_CONNECT_S: Final = 10.0


def upload(host: str, port: int, user: str, password: str, folder: str, files: Mapping[str, bytes]) -> None:
    """The files lie in a folder of the controller, byte for byte.

    Raises:
        LinkError: no connection, refused, or other bytes came back.
    """
    name = ""
    try:
        with ftplib.FTP(timeout=_CONNECT_S) as ftp:  # noqa: S321
            ftp.connect(host, port)
            ftp.login(user, password)
            ftp.cwd(folder)
            for name, content in files.items():
                ftp.storbinary(f"STOR {name}", io.BytesIO(content))
                back = io.BytesIO()
                ftp.retrbinary(f"RETR {name}", back.write)
                if back.getvalue() != content:
                    raise LinkError(f"the controller's file {folder}/{name} does not hold what was sent")
    except ftplib.all_errors as error:
        what = f"the file {name}" if name else "files"
        raise LinkError(f"the controller's FTP at {host}:{port} does not take {what} into {folder}: {error}") from error
