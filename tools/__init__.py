"""Setting up: the virtual environment, the tools and the environment variables that make `pulumi` work here.

Owns everything that runs before the pinned packages are installed, so it imports the standard library only.
Leaves alone what the machine has already: a new enough `pulumi` or `vault` on PATH is used as it is.
"""
