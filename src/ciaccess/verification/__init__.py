"""Verifies each account end to end on running systems, including all required refusals.

Owns the checks and the verdict; clients/ queries the systems, analysis/ derives an account's rights. Leaves nothing behind
in read-only mode. Knows no simulator: the issuer of id_tokens is a parameter.
"""
