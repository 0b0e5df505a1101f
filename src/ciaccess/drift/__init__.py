"""Whether the systems are still as access.yaml says: what the scheduled job asks.

Owns what is looked at, what is found, and in which words; it asks the APIs through clients/ and compares with what
config/ derives from the YAML, without Pulumi's engine. It never writes: repairs are a plan, which the command carries out.
What could not be looked at is told apart from what is clean and from what has drifted, always.
"""
