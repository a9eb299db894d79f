"""Configuration files: YAML in, validated models out, every fault with its line."""

from inventory.config.address import ListenAddress
from inventory.config.document import Document
from inventory.config.errors import ConfigurationError, Fault, Gathering
from inventory.config.fields import (
    ConfigPath,
    DomainName,
    Duration,
    Identifier,
    TimeZone,
    Url,
    within,
)
from inventory.config.reason import reason
from inventory.config.secret import SecretFile, read_secret
from inventory.config.validation import load_config, load_document, validate, validate_block
from inventory.config.yamlfile import parse_yaml, read_yaml

__all__ = [
    "ConfigPath",
    "ConfigurationError",
    "Document",
    "DomainName",
    "Duration",
    "Fault",
    "Gathering",
    "Identifier",
    "ListenAddress",
    "SecretFile",
    "TimeZone",
    "Url",
    "load_config",
    "load_document",
    "parse_yaml",
    "read_secret",
    "read_yaml",
    "reason",
    "validate",
    "validate_block",
    "within",
]
