"""A simulated trunk: chest wall and belly, brace, posture, movement, and the sensors that are worn on them.

The physics
-----------
**Frames.** Body: x forward, y to the left, z up along the spine. Earth: z up. Angles in degrees, lengths in cm.

**Two compartments** (Konno and Mead): rib cage and belly follow one breath, 0 breathed out at ease to 1 the person's
own full breath; the one lags behind the other by a time, ``phase / 360 · length of the breath`` (180°: paradox), and
comes to rest with it when the breath is held. Postures share the breath out differently (lying on the back the belly
moves more, the ribs less); a brace stiffens the belly's wall: its excursion becomes shallower, the ribs take over a
part.

**Four sites of the ribs** (front, left, right, back), and the belly. Each is moved outwards by a distance of its own in
a full breath, and does not move in step with the others: in a small breath it takes a smaller or larger share (`quiet`)
that becomes 1 in a full one, shares wander in the course of a minute, and a breath may be sent somewhere. What lies on
the ground hardly moves. `share`, `displacement_cm` and `girth_cm` of the wearer are this geometry, nothing else: girths
are what a tape would read, 2π times the mean radial displacement at that level. The waist grows with a brace too.

**Accelerometers and gyroscopes** turn with the skin they sit on: ribs are bucket handles (sides) and pump handles
(front and back), so a site that moves outwards turns about a horizontal axis along the wall, a little out of true in
everyone. The turn is not proportional to the displacement (the slope of the one against the other changes by ± 15 %
from breathed out to full), and the skin is drawn along by what moves beside it (cross-talk 10–30 %). A sensor that sits
2 cm off turns by another amount, one that is put on 15° awry shows it in other axes. All this turns with the body:
posture, sway, movement. An accelerometer reads gravity and what accelerates it in its own axes (lever arms about the
hips, rising from a chair, steps, coughs), with bias, noise and the wire's steps; a gyroscope its turning, with bias and
noise. Lying on the side the front's axis is vertical, lying on the back those of the sides are: gravity shows nothing.

**Belts** pull with what their level's girth makes of them: at rest so many newtons, with the girth so many more a cm,
never less than nothing (slack goes over into pull gently), never more than their range. The webbing creeps: the pull at
rest eases by up to 5 % a minute at first, to 60 % in the end. Bending the trunk and lying down change the girth.

**Body sway**: slow sines of 0.05–0.5 Hz about all three axes, the same turn for everything on the trunk; the pelvis
takes a part of it; lying down leaves a tenth.

**Movements** go minimum-jerk from start to top and back, with a range and a tempo that differ a little each time. A
sit-to-stand leans forward twice, on the way up and on the way down; its pelvis goes from tipped back to tipped forward.
"""
