"""What programs use of lasercam: Python code through `import lasercam`, and the command line; see docs/api.md.

Each module opens one room; nothing here computes anything by itself.
"""
