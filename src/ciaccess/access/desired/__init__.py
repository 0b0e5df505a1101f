"""What access.yaml amounts to in Vault, Nexus and GitLab."""
