"""Proves each account from end to end against the running systems, and that what must be refused is.

Owns what is tried, and the verdict on what came of it; how a system is asked is clients', what an account may do is
analysis'. Leaves nothing behind where it is told to only read. Knows no simulator: who can mint id_tokens is handed in.
"""
