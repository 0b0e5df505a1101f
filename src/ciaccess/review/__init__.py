"""What a merge request would change: one run of the engine with refresh, read event by event, told for people.

Owns reading the engine's events, telling what the change does from what somebody did by hand, and whether the two YAMLs
and the engine agree. Leaves alone how it looks (commands), the sentences (analysis) and the systems (clients).
"""
