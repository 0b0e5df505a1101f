"""Pulumi: running its command line, reading its events and states, a stack's settings."""
