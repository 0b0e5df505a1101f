"""access.yaml: its models, its rules, and what it amounts to. Knows no server and no credential."""

from ciaccess.access.model.models import Access
from ciaccess.access.reading.faults import ConfigError
from ciaccess.access.reading.loader import load

__all__ = ["Access", "ConfigError", "load"]
