"""What a merge request would change: one preview with refresh, reported for people.

Owns separating the change from what was changed by hand, and whether the two YAMLs and the engine agree. The sentences are
analysis', the layout report's.
"""
