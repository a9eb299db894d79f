"""The inventory as data: who exists and what is whose. No I/O."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict, Field

from inventory.backup import BackupExemption, BackupHost, BackupJob, BackupRepository, Copies
from inventory.config.fields import DomainName, Identifier, Text, TimeZone


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Service(_Entry):
    """Something members use, as their people call it (Messagerie, Sauvegarde)."""

    id: Identifier
    name: Text
    description: str = Field("", max_length=300)


class VirtualMachine(_Entry):
    """A libvirt domain, by the name libvirt gives it, and whether it is meant to run."""

    name: Text
    should_run: bool = True
    service: Identifier | None = None


class _Owner(_Entry):
    id: Identifier
    name: Text
    mail_domains: tuple[DomainName, ...] = ()
    virtual_machines: tuple[VirtualMachine, ...] = ()
    backup_jobs: tuple[BackupJob, ...] = ()
    backup_hosts: tuple[BackupHost, ...] = ()


class Syndicate(_Owner):
    """The syndicate itself; it owns what serves every member."""

    timezone: TimeZone = "Europe/Paris"


class Member(_Owner):
    """A town: what it uses and what is its own."""

    services: tuple[Identifier, ...] = Field(min_length=1)
    mail_users: int = Field(0, ge=0)


class Inventory(_Entry):
    """Everything the site declares about whom it serves."""

    syndicate: Syndicate
    services: tuple[Service, ...] = Field(min_length=1)
    members: tuple[Member, ...] = Field(min_length=1)
    backup_repositories: tuple[BackupRepository, ...] = ()
    backup_copies: Copies = Copies()
    backup_exemptions: tuple[BackupExemption, ...] = ()

    @property
    def owners(self) -> Iterator[Syndicate | Member]:
        """The syndicate, then each member."""
        yield self.syndicate
        yield from self.members

    def member(self, identifier: str) -> Member | None:
        """The member with that id, if any."""
        return next((m for m in self.members if m.id == identifier), None)

    def service(self, identifier: str) -> Service | None:
        """The service with that id, if any."""
        return next((s for s in self.services if s.id == identifier), None)

    def name_of(self, owner: str) -> str:
        """The display name of a member or of the syndicate; the id itself when unknown."""
        return next((o.name for o in self.owners if o.id == owner), owner)

    def members_using(self, service: str) -> tuple[Member, ...]:
        """The members that use a service."""
        return tuple(m for m in self.members if service in m.services)

    def owner_of_mail_domain(self, domain: str) -> str | None:
        """Id of the owner of a mail domain (case ignored), or None."""
        wanted = domain.lower()
        return next((o.id for o in self.owners if wanted in o.mail_domains), None)

    def owner_of_address(self, address: str) -> str | None:
        """Id of the owner of a mail address, by its domain, or None."""
        return self.owner_of_mail_domain(address.rpartition("@")[2])

    def machine(self, name: str) -> tuple[str, VirtualMachine] | None:
        """(owner id, declaration) of a libvirt domain by name, or None."""
        for owner in self.owners:
            for machine in owner.virtual_machines:
                if machine.name == name:
                    return owner.id, machine
        return None

    def backup_jobs(self) -> Iterator[tuple[str, BackupJob]]:
        """(owner id, job) for every declared backup job."""
        for owner in self.owners:
            for job in owner.backup_jobs:
                yield owner.id, job

    def backup_hosts(self) -> Iterator[tuple[str, str]]:
        """(owner id, name) of every machine to back up: those that should run, and declared ones.

        Hypervisors know of others; those are found where they are seen.
        """
        for owner in self.owners:
            for machine in owner.virtual_machines:
                if machine.should_run:
                    yield owner.id, machine.name
            for host in owner.backup_hosts:
                yield owner.id, host.name

    def backup_repository(self, identifier: str) -> BackupRepository:
        """What is declared of a repository; all defaults when nothing is."""
        found = (r for r in self.backup_repositories if r.id == identifier)
        return next(found, BackupRepository(id=identifier))
