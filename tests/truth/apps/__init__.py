"""Apps whose bottleneck is known by construction; ../known.py says what it is. None knows that it is looked at."""
