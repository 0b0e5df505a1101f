"""Who asks and what he may: users, roles, privileges, content selectors, anonymous access, realms."""
