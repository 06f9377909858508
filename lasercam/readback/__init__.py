"""Reading back: what a camera's picture of the written sample says."""
