"""resvg's picture of a drawing, made in a process of its own. The one module that imports resvg_py.

resvg answers some damaged drawings with a panic, which here ends the other process only.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from typing import Any

TIMEOUT_S = 10.0
"""How long the other process may take; it needs a tenth of a second."""


def is_available() -> bool:
    """Whether resvg_py is installed."""
    return bool(sys.executable) and importlib.util.find_spec("resvg_py") is not None


def render(svg: str, options: dict[str, Any]) -> bytes | None:
    """A PNG of a drawing; None where resvg cannot make one.

    Args:
        svg: the drawing.
        options: of resvg_py's `svg_to_bytes`.
    """
    order = json.dumps({"svg_string": svg, **options}).encode()
    command = [sys.executable, "-P", "-m", __name__]  # -P: nothing in the working folder is imported
    try:
        done = subprocess.run(  # noqa: S603 - this very module, no shell
            command, input=order, capture_output=True, timeout=TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 and done.stdout else None


def main() -> None:
    """Read an order from standard input, write the picture to standard output."""
    import resvg_py

    order = json.loads(sys.stdin.buffer.read())
    sys.stdout.buffer.write(bytes(resvg_py.svg_to_bytes(**order)))


if __name__ == "__main__":
    main()
