"""Whom we serve: the members, their services, mail domains, machines and backup jobs.

The package also carries the small foundation every process shares and that may
import none of ours: reading configuration with the line of each fault
(`inventory.config`) and being a well-behaved process (`inventory.process`).
"""

from inventory.backup import BackupJob, BackupRepository
from inventory.loader import load_inventory
from inventory.model import Inventory, Member, Service, Syndicate, VirtualMachine

__all__ = [
    "BackupJob",
    "BackupRepository",
    "Inventory",
    "Member",
    "Service",
    "Syndicate",
    "VirtualMachine",
    "load_inventory",
]
