"""The model of Vault's policies: what a token may read. Tests compare it with a real Vault."""
