"""Changing an account's password."""
