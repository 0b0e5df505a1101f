"""access.yaml: its models, its rules, and what it amounts to. Knows no server and no credential."""

from config.faults import ConfigError
from config.loader import load
from config.models import Access

__all__ = ["Access", "ConfigError", "load"]
