"""A simulated GRBL 1.1h controller in laser mode, with the truth about every exposure."""
