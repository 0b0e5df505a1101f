"""The command line: the application, what its commands share, and `validate`.

The other commands are in their capabilities' packages. Exit codes of every command: 0 clean, 1 error, 2 differences found, 3
could not look.
"""
