"""Setup: the virtual environment, the tools, and the variables with which `pulumi` works.

Owns everything that runs before the pinned packages are installed, so it imports the standard library only.
Leaves alone what the machine has already: a new enough `pulumi` or `vault` on PATH is used as it is. What cannot be
brought or built is a BuildError, whose text has the reason and the remedy.
"""
