"""The project's own commands, one a file; `./ciaccess --help` lists them.

Exit codes of every command: 0 clean, 1 error, 2 differences found, 3 could not look. Imports one way: commands use
config, clients, local's stack and tools; nothing imports commands.
"""
