"""Pictures of what will be written, and of what the written sample will show; readers of the blocks, nothing else."""
