"""Adoption: existing objects are described in access.yaml and imported into a stack's state.

Owns the inventory of the three systems (reads only, and logins that check a password), the draft of access.yaml, and the
plan with an action for each object. adoption/command runs the engine.
"""
