"""pulumi-resource-ciaccess: the Pulumi plugin through which Nexus, GitLab and Vault are resources of the stack.

Three layers, imports one way: a client (clients/) knows HTTP, a kind (provider/kinds) knows the life cycle of one
type of resource, the server (provider/server.py) knows Pulumi and nothing of systems.
"""
