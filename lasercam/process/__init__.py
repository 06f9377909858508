"""Physics of laser writing: what a set of parameters means at the focus, in the material, and afterwards."""
