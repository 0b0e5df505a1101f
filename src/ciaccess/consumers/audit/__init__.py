"""Checks the pipelines of whole GitLab groups, each as GitLab merges it for the project's default branch."""
