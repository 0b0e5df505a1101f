"""The access that access.yaml grants: admitted jobs, rights, and their changes.

Pure: no files, no processes, no network, so that commands, previews and tests can ask about any two states.
Knows the YAML's models (config); leaves how an answer looks to commands.
"""
