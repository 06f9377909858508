"""Where features come from: one kind of pattern per file, each registered under `lasercam.sources`."""
