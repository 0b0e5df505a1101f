"""The local stack: a real Vault, and simulators of Nexus and GitLab where no real server can be installed.

Everything listens on 127.0.0.1 alone. Product code starts these as processes and never imports a simulator.
"""
