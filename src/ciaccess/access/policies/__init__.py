"""Vault's policies as Vault applies them: the one model of what a token may read, compared with a real Vault by tests."""
