"""Links to lasers: what sets picker and attenuator, opens and closes the output, and reads back what came of it."""
