"""Drift: Vault, Nexus and GitLab compared with the desired state, without Pulumi's engine.

Owns the checks, the findings and their words; it reads the APIs through clients/ and compares with access/desired. It
never writes: repairs are a plan, which the command carries out. What could not be checked is never clean, nor drift.
"""
