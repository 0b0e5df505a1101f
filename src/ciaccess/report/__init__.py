"""Pages and test reports for people and for GitLab. Knows nothing of access."""
