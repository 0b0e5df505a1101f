"""What pipelines are given and held to: the rendered templates of ci/, and the search for idioms that break.

Takes every name from access.yaml. Knows no server and no credential, and runs no pipeline.
"""
