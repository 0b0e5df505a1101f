"""A simulator of Sonatype Nexus Repository's REST API and repositories, for the local stack and the tests.

Held to the exchanges recorded from a Nexus 3.77.0-08 (tests/contract/simulators/nexus/cases.jsonl): status codes,
bodies and permission checks, oddities included. Imports nothing of the product.
"""
