"""Bytes to pages of voxel levels and back: containers, codes, page layout. Knows no glass, no beam and no camera."""
