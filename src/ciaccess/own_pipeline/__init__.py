"""ciaccess's own CI identities: set up once by an administrator, used by its jobs."""
