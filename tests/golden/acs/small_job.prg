! - job three-level [MSG, stop]
! - section 0: first pass, 50 uJ at 10 kHz
! set the pulse counter to 7
GLOBAL INT LC_SHOTS
INT ch
lc.LaserDisable()
OUT(0).0 = 0
OUT(0).3 = 0
lc.Stop()
lc.Init()
ENABLE (0,1,4)
TILL (MST(0).#ENABLED & MST(1).#ENABLED & MST(4).#ENABLED)
lc.SetMotionAxes(0,1)
PTP/ev (0,1,4), 0.090000, 0.100000, -0.050000, 20
VEL(0) = 0.4
VEL(1) = 0.4
ch = lc.SegmentGate()
lc.LaserEnable()
XSEG (0,1), 0.090000, 0.100000
LINE/p (0,1), 0.100000, 0.100000, 0
LINE/p (0,1), 0.150000, 0.100000, 1
LINE/p (0,1), 0.160000, 0.100000, 0
ENDS (0,1)
TILL GSEG(0) = -1
lc.LaserDisable()
lc.Stop(ch)
PTP/ev (0,1,4), 0.160000, 0.105000, -0.050000, 20
ch = lc.SegmentGate()
lc.LaserEnable()
XSEG (0,1), 0.160000, 0.105000
LINE/p (0,1), 0.150000, 0.105000, 0
LINE/p (0,1), 0.100000, 0.105000, 1
LINE/p (0,1), 0.090000, 0.105000, 0
ENDS (0,1)
TILL GSEG(0) = -1
lc.LaserDisable()
lc.Stop(ch)
PTP/ev (0,1,4), 0.100000, 0.200000, -0.060000, 20
ch = lc.FixedDistPulse(0.001, 0.005, 0.05, 0.1025)
lc.LaserEnable()
XSEG (0,1), 0.100000, 0.200000
LINE (0,1), 0.130000, 0.240000
LINE (0,1), 0.160000, 0.280000
LINE (0,1), 0.190000, 0.320000
ENDS (0,1)
TILL GSEG(0) = -1
lc.LaserDisable()
LC_SHOTS = lc.GetPulseCounts(ch)
DISP "%d shots of 11", LC_SHOTS
lc.Stop(ch)
PTP/ev (0,1,4), 0.200000, 0.200000, -0.050000, 20
OUT(0).0 = 1
WAIT 1000
OUT(0).0 = 0
PTP/ev (0,1,4), 0.210000, 0.200000, -0.050000, 20
OUT(0).0 = 1
WAIT 1000
OUT(0).0 = 0
PTP/ev (0,1,4), 0.210000, 0.210000, -0.060000, 20
OUT(0).0 = 1
WAIT 250
OUT(0).0 = 0
PTP/ev (0,1,4), -0.020000, 0.000000, 0.000000, 20
OUT(0).3 = 1
WAIT 20
OUT(0).3 = 0
PTP/ev (0,1,4), -0.020000, 0.005000, 0.000000, 20
OUT(0).3 = 1
WAIT 20
OUT(0).3 = 0
lc.LaserDisable()
OUT(0).0 = 0
OUT(0).3 = 0
STOP
