"""Adoption: what a team made by hand, described in our format, and taken into a stack's state without changing it.

Owns the look at the three systems (reads only, and logins that prove a password), the draft of access.yaml, and what each
object would become. The engine is run by adoption/command.
"""
