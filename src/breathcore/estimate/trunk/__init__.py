"""What the sensors all round the trunk tell: expansion, brace, posture, movement, steadiness."""
