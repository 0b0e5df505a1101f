"""Checks of all pipelines in GitLab groups, each as GitLab merges it for the default branch."""
