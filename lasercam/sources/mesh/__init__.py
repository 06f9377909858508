"""Bodies inside the sample: surfaces, solids, contours and hatched slices of triangle meshes."""
