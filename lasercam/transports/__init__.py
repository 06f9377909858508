"""Byte links to controllers: serial, TCP, a simulated controller, a real firmware simulator, and faults between."""
