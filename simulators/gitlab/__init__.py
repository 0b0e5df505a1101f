"""A simulator of GitLab's REST API and OIDC issuer, for the local stack and the tests.

Holds to GitLab ≥ 17.4 in what this project uses: groups, projects, variables, merge requests and issues with
notes, tokens with scopes and roles, id_tokens and the keys that verify them. Status codes, bodies and headers
follow GitLab's own source and documentation; what it leaves out answers 404. Imports nothing of the product.
"""
