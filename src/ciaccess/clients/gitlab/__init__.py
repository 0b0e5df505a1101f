"""GitLab's API: variables, groups, notes, issues."""
