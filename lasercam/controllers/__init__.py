"""Links to controllers that run whole job files by themselves: hand over, start, follow, cut."""
