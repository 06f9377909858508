"""The state of an Aerotech controller as its readers follow it, and what can be wrong with a program."""

from typing import Final

# The state, which outlives a call. relative: 1 while positions are incremental; source: 0 none, 1 pulse trains, 2 the
# window; forced: -1 the source decides, 0 held off, 1 held on; masked: 1 when events pass only inside the window;
# origin x: where the window counter was loaded with 0, and PSO is armed; applied: 1 when the pulse train is what was
# configured last; pending: ns that a fired train still lasts; moving: 1 from the end of a blended path until
# standstill is waited for; standing: 1 while the output is held on and nothing has moved since; arrived: 1 when a
# run-up ended on the first shot of a row; fired: 1 when the last move ended on the last shot of a row; loop: turns of
# the loop that runs, 0 outside; settled: 1 when the settle time has been waited for since the last move or dot.
# closing: ns that must still be waited until a slow gate has closed; closing way: the same in ticks of path behind a
# window; running out: 1 from the end of a window until the path goes on with the gate closed.
# Places in ticks, times in ns, windows and distances in counts.
(X, Y, Z, KNOWN, MODES, RELATIVE, RESET, PIN, SOURCE, FORCED, ARMED, MASKED, WINDOW_AXIS, DISTANCE_AXIS,
 WINDOW_ON, LOW, HIGH, RANGED, ORIGIN_X, ORIGIN_Y, ORIGIN_Z, LOADED, DISTANCE, TOTAL, ON, CYCLES, APPLIED,
 WAVE, PENDING, BLEND, MOVING, STANDING, OPEN, OPEN_LINE, ARRIVED, FIRED, LOOP, STEP_X, STEP_Y, STEP_Z, STEPS,
 DOTS, DOT_OPEN, DOT_COUNT, DOT_LINE, ENDED, WAVE_MODE, COUNTER, SETTLED,
 CLOSING, CLOSING_WAY, RUNNING_OUT) = range(52)  # fmt: skip
START: Final = tuple(-1 if i in (WINDOW_AXIS, DISTANCE_AXIS) else 0 for i in range(52))

N_COLUMNS: Final = 15
"""Of output rows: kind, start (3), end (3), speed, open time, count, line, repeats, step (3)."""
MAX_REPEATS: Final = 1_000_000
TASK_STEP_NS: Final = 1_000_000
"""Tasks run in steps of a millisecond: a dwell behind pulses must outlast them by one."""
MODES_SET, TRIGGER_NS, SETTLE_NS, CLOSE_NS, INCREMENT, COUNTS_X = range(6)
"""Places in the settings; counts per mm of y and z stand behind x."""

(OK, E_ENDED, E_NOT_SET, E_NOT_SAFE, E_UNKNOWN, E_TICKS, E_SPEED, E_RELATIVE, E_PENDING, E_BLENDED, E_MOVING,
 E_PARTLY, E_RAPID_SHOTS, E_SHOTS, E_NO_TRAIN, E_TRAIN, E_FORCED, E_LOOP, E_LOOP_BODY, E_REPEATS, E_STILL_ON,
 E_BOUNDS, E_WHOLE, E_UNARMED, E_STOPS, E_NANOSECONDS, E_STILL_ARMED, E_HELD,
 E_DWELL, E_SETTLE, E_OPEN_WINDOW, E_EDGES, E_CLOSING, E_RUN_OUT) = range(34)  # fmt: skip
MESSAGES: Final = {
    E_ENDED: "something stands behind the end of the program and will never run",
    E_NOT_SET: "a move comes before units, waiting and absolute positions have been set",
    E_NOT_SAFE: "something moves or fires before PSO has been reset and its output chosen",
    E_UNKNOWN: "a feed move, an exposure or a loop starts where no rapid has set all three axes",
    E_TICKS: "a coordinate is not a multiple of 0.1 nm",
    E_SPEED: "the feed rate is zero or no whole number of nm/s",
    E_RELATIVE: "incremental positions outside a loop, or absolute ones inside",
    E_PENDING: "something comes before the fired pulses are over",
    E_BLENDED: "only feed moves may stand in a blended path: anything else would stop it",
    E_MOVING: "PSO is switched before the blended path is surely at its end",
    E_PARTLY: "the window opens or closes within a move",
    E_RAPID_SHOTS: "shots are fired during a rapid",
    E_SHOTS: "shots are fired where no row of shots begins or ends",
    E_NO_TRAIN: "a pulse train is fired that has not been configured and switched on",
    E_TRAIN: "a pulse train is neither one pulse of a time nor pulses of the trigger's width in a longer period",
    E_FORCED: "the output is fired or armed while it is held on or off",
    E_LOOP: "a loop inside a loop, or the end of a loop that has not begun",
    E_LOOP_BODY: "the body of a loop must be one rapid and one dot",
    E_REPEATS: f"a loop must repeat 2 to {MAX_REPEATS} times",
    E_STILL_ON: "the program ends, or is cut off, with the beam on, a window armed or PSO not reset",
    E_BOUNDS: "a window of bounds that are not in order, or not known when it is armed",
    E_WHOLE: "a number that must be whole and positive is not",
    E_UNARMED: "PSO is armed without encoder, window, distance or a loaded counter",
    E_STOPS: "the beam is on in a feed move that is not blended: it would slow down at every end",
    E_NANOSECONDS: "a time is negative or no whole number of ns",
    E_STILL_ARMED: "PSO is configured anew while it is armed",
    E_DWELL: "a dwell is neither the settle time, nor an exposure, nor one millisecond longer than the fired pulses",
    E_SETTLE: "a dot is exposed, or PSO is armed, before the stage has settled",
    E_OPEN_WINDOW: "something moves while a window is switched on that is not armed",
    E_EDGES: "the window of a row of shots does not end half a distance beside its first and last",
    E_CLOSING: "something comes before the gate has closed (gate.close_delay)",
    E_RUN_OUT: "the blended path ends, or the gate opens again, before the gate has closed and a run-out has followed",
    E_HELD: "the output is held on while something else than a move or a dwell comes",
}
