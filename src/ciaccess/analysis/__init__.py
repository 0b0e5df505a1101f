"""What access.yaml means for people: which jobs are admitted, who may do what, and what a change gives and takes.

Pure: no files, no processes, no network, so that commands, previews and tests can ask about any two states.
Knows the YAML's models (config); leaves how an answer looks to commands.
"""
