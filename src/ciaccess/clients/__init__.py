"""Clients of the systems that hold the access: Nexus, GitLab, Vault.

They know HTTP and each system's API, and nothing of Pulumi or access.yaml: the provider and the commands share
them. The layers, each importing only those above it: errors and redaction, credentials; transport (retries, TLS,
redirects, bounds), http (one base URL, errors in words); one client a system.

Every call raises an ApiError (errors.py) where the system does not answer, refuses, or answers something else; a
docstring names only what its caller has to expect beyond that.
"""
