"""Readers prove encoders only as long as they share no code with them."""

import ast
import importlib.util
from pathlib import Path

import pytest

ENCODERS = {
    "linuxcnc", "grbl", "program_text", "row_facts", "comments", "judgement", "motion_runs", "operator_counts",
    "run_encoder",
    "newport_xps", "newport_xps_settings", "newport_xps_encoder", "newport_xps_trajectories", "acs", "acs_encoder",
    "acs_settings", "millisecond_waits", "pi_gcs", "pi_gcs_encoder",
    "aerotech_a3200", "automation1", "aerotech_encoder", "aerotech_groups", "aerotech_judgement", "aerotech_units",
    "aerotech_words",
}  # fmt: skip
READERS = {
    "linuxcnc_reader", "linuxcnc_messages", "grbl_reader", "gcode_words", "gcode_word_kernel", "gcode_reading",
    "pulse_statement",
    "newport_xps_reader", "newport_xps_files", "line_reading", "acs_reader", "pi_gcs_reader",
    "aerotech_a3200_reader", "automation1_reader", "aerotech_reading", "aerotech_motion", "aerotech_moves",
    "aerotech_state", "aerotech_statements", "line_forms",
}  # fmt: skip
SHARED = {"controller_settings", "aerotech_settings"}
"""What both start from: how code is compiled, and what a profile states about the wiring."""


def imports(name: str) -> set[str]:
    """Modules of the dialects that a module of them imports."""
    spec = importlib.util.find_spec(f"lasercam.dialects.{name}")
    assert spec is not None
    assert spec.origin is not None
    found = set()
    for node in ast.walk(ast.parse(Path(spec.origin).read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "lasercam.dialects":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lasercam.dialects."):
            found.add(str(node.module).rsplit(".", 1)[1])
    return found


@pytest.mark.parametrize("name", sorted(READERS))
def test_readers_import_no_encoder(name: str) -> None:
    assert not imports(name) & ENCODERS


@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_encoders_import_no_reading_code(name: str) -> None:
    # A dialect hands out its own reader; nothing else of reading may be used.
    assert not imports(name) & (READERS - {f"{name}_reader"})


def test_every_module_is_on_one_side() -> None:
    import lasercam.dialects as dialects

    modules = {path.stem for path in Path(next(iter(dialects.__path__))).glob("*.py")} - {"__init__"}
    assert modules >= ENCODERS | READERS | SHARED
    assert not ENCODERS & READERS


@pytest.mark.parametrize("name", sorted(SHARED))
def test_what_is_shared_comes_from_neither_side(name: str) -> None:
    assert not imports(name) & (ENCODERS | READERS)
