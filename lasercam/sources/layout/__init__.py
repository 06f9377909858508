"""Layouts of drawing and chip-design programs: DXF, GDSII, OASIS."""
