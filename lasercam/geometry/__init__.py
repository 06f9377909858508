"""Areas, hatches, clips and flattened curves, as arrays."""
