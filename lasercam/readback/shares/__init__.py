"""Shares of visual cryptography, read from pictures and put together."""
