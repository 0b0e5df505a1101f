"""Vault's API: mounts, tokens, policies, secrets."""
