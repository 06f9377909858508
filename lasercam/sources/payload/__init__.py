"""Stored data as a pattern: the bytes of a file as voxels on pages."""
