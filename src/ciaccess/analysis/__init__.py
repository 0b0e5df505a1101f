"""The access that access.yaml grants: admitted jobs, rights, and their changes.

Pure but for its two commands, `access` and `explain`: no files, no processes, no network, so that previews and tests can
ask about any two states.
"""
