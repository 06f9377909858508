"""How the controller moves: the speed along every row, and how long rows take.

Rows become moves (straight pieces are joined as the controller joins them), moves meet in corners (each with the speed
it can be taken at, and the arc that replaces it), and a profile runs through all pieces: backwards for the speed from
which the machine can still stop or take what lies ahead, forwards for the speed it has reached. `clock` streams this
over blocks. Measured against a whole LinuxCNC: see tests/oracle/test_linuxcnc_headless.py.
"""
