"""What the statements of an Aerotech program do: the operations that its readers bring them to.

Arguments: MODE the bit of a mode that must be set before anything moves; SOURCE 1 pulse trains, 2 the window, 3 pulse
trains while inside the window, 4 pulse trains, masked or not as before; WINDOW_INPUT and DISTANCE_INPUT the axis; ARM
2 when the distance counter must run by itself; WINDOW_ON 1 when that arms the window; DISARM 1 when it stops the
counter; RESET 1 when the output needs no choice; RAPID and FEED which coordinates are named; END 1 when it may close a
loop. Plain numbers, not an enumeration: they are compared in compiled code.
"""

(MODE, ABSOLUTE, INCREMENTAL, RESET, PIN, SOURCE, OFF, ON, ARM, FIRE, WINDOW_INPUT, DISTANCE_INPUT, TRAIN,
 DISTANCE, LOAD, RANGE, WINDOW_ON, WINDOW_OFF, BLEND, STOP, WAIT, RAPID, FEED, DWELL, REPEAT, END_REPEAT, END,
 TOTAL_TIME, ON_TIME, COUNT, APPLY, WAVE_MODE, WAVE_ON, MASK, DISARM, COUNTER_ON) = range(36)  # fmt: skip
