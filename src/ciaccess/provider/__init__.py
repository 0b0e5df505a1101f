"""pulumi-resource-ciaccess: the Pulumi plugin for resources in Nexus, GitLab and Vault.

Three layers, imports one way: a client (clients/) knows HTTP, a kind (provider/kinds) knows the life cycle of one
type of resource, the server (provider/server.py) knows Pulumi and no system.
"""
