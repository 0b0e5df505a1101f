"""Consumers: the rendered templates of ci/, checks of pipelines, and pull secrets.

Takes every name from access.yaml. Knows no server and no credential, and runs no pipeline.
"""
