"""Texts of segments and dots, read from pictures."""
