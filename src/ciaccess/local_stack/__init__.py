"""The local stack: a real Vault, and a real or simulated Nexus and GitLab.

Everything listens on 127.0.0.1 alone. Product code starts these as processes and never imports a simulator. What fails, or is
not there, is a StackError, whose text has the reason and the remedy.
"""
