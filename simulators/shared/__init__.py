"""What the simulators of GitLab and of Nexus have in common: state on disk, faults and counters, private files.

Knows neither of the two, and nothing of the product.
"""
