"""ciaccess's own CI identities: set up once by an administrator, used by its jobs.

Its functions raise CiaccessError where a system refuses or is away.
"""
