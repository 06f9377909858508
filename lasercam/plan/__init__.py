"""From features (what, unordered) to a toolpath (how, ordered, in integer ticks)."""
