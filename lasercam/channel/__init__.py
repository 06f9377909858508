"""What light and cameras make of a written sample: voxels to simulated camera images."""
