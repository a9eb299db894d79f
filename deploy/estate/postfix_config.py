"""The main.cf and master.cf of the estate's private Postfix, as text. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.estate.mailboxes import BOUNCING_DOMAIN
from deploy.estate.ports import LOOPBACK, Ports

_DAEMONS = """\
pickup    unix  n  -  n  60     1  pickup
cleanup   unix  n  -  n  -      0  cleanup
qmgr      unix  n  -  n  300    1  qmgr
rewrite   unix  -  -  n  -      -  trivial-rewrite
bounce    unix  -  -  n  -      0  bounce
defer     unix  -  -  n  -      0  bounce
trace     unix  -  -  n  -      0  bounce
verify    unix  -  -  n  -      1  verify
flush     unix  n  -  n  1000?  0  flush
proxymap  unix  -  -  n  -      -  proxymap
smtp      unix  -  -  n  -      -  smtp
relay     unix  -  -  n  -      -  smtp
lmtp      unix  -  -  n  -      -  lmtp
showq     unix  n  -  n  -      -  showq
error     unix  -  -  n  -      -  error
retry     unix  -  -  n  -      -  error
discard   unix  -  -  n  -      -  discard
anvil     unix  -  -  n  -      1  anvil
scache    unix  -  -  n  -      1  scache
postlog   unix-dgram n - n -    1  postlogd
"""


@dataclass(frozen=True)
class PostfixSettings:
    """What differs from one estate to the next. Durations in seconds."""

    folder: Path
    ports: Ports
    active_limit: int
    slow_domains: Sequence[str]
    retry_seconds: int = 3600
    canaries: Sequence[str] = ()
    """Addresses whose mail goes to the exporter, by LMTP."""
    mailboxes: tuple[str, int] | None = None
    """A domain, and the LMTP port on loopback where its mail is delivered."""
    certificate: tuple[Path, Path] | None = None
    """Chain and key in PEM: submission offers STARTTLS, and takes no password without it."""
    hostname: str = "mx1.deux-rives.test"

    @property
    def config(self) -> Path:
        return self.folder / "etc"

    @property
    def spool(self) -> Path:
        return self.folder / "spool"

    @property
    def log(self) -> Path:
        return self.folder / "log" / "mail.log"

    @property
    def sasl_socket(self) -> Path:
        return self.folder / "dovecot" / "auth"


def main_cf(settings: PostfixSettings) -> str:
    """Loopback only, no DNS, no local delivery, mail sent on to the two relays."""
    folder = settings.folder
    values = {
        "compatibility_level": "3.7",
        "queue_directory": settings.spool,
        "data_directory": folder / "data",
        "meta_directory": settings.config,
        "daemon_directory": "/usr/lib/postfix/sbin",
        "command_directory": "/usr/sbin",
        "shlib_directory": "/usr/lib/postfix",
        "mail_owner": "postfix",
        "setgid_group": "postdrop",
        "myhostname": settings.hostname,
        "mydestination": "",
        "alias_maps": "",
        "alias_database": "",
        "inet_interfaces": LOOPBACK,
        "inet_protocols": "ipv4",
        "smtp_dns_support_level": "disabled",
        "smtp_host_lookup": "native",
        "smtpd_tls_security_level": "none",
        "smtp_tls_security_level": "none",
        "notify_classes": "",
        "relayhost": f"[{LOOPBACK}]:{settings.ports['fast_relay']}",
        "transport_maps": f"texthash:{settings.config / 'transport'}",
        "maillog_file": settings.log,
        "maillog_file_prefixes": folder,
        "enable_long_queue_ids": "yes",
        "qmgr_message_active_limit": settings.active_limit,
        "smtpd_sasl_type": "dovecot",
        "smtpd_sasl_path": settings.sasl_socket,
        # Canaries wait for nobody: an exporter that starts again is tried again by the next one.
        "lmtp_destination_concurrency_failed_cohort_limit": 0,
        # The whole estate lives behind a few loopback addresses.
        "smtpd_client_connection_count_limit": 0,
        "smtpd_client_event_limit_exceptions": "127.0.0.0/8",
        # Where the kernel closes no connection, contain kills the process: no log-in for a minute.
        "service_throttle_time": "1s",
        "minimal_backoff_time": f"{settings.retry_seconds}s",
        "maximal_backoff_time": f"{4 * settings.retry_seconds}s",
        "queue_run_delay": f"{settings.retry_seconds}s",
    }
    return "".join(f"{name} = {value}\n" for name, value in values.items())


def _tls(settings: PostfixSettings) -> str:
    if settings.certificate is None:
        return ""
    chain, key = settings.certificate
    values = {
        "smtpd_tls_security_level": "encrypt",
        "smtpd_tls_cert_file": chain,
        "smtpd_tls_key_file": key,
        "smtpd_tls_auth_only": "yes",
        "smtpd_tls_loglevel": 0,
    }
    options = "".join(f"  -o {name}={value}\n" for name, value in values.items())
    return options + "tlsmgr    unix  -  -  n  1000? 1  tlsmgr\n"


def master_cf(settings: PostfixSettings) -> str:
    """Plain SMTP, and authenticated submission logged as ``postfix/submission/smtpd``."""
    smtp = f"{LOOPBACK}:{settings.ports['smtp']}"
    submission = f"{LOOPBACK}:{settings.ports['submission']}"
    return (
        f"{smtp} inet n - n - - smtpd\n"
        f"{submission} inet n - n - - smtpd\n"
        "  -o syslog_name=postfix/submission\n"
        "  -o smtpd_sasl_auth_enable=yes\n"
        "  -o smtpd_client_restrictions=permit_sasl_authenticated,reject\n"
        "  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject\n"
        + _tls(settings)
        + _DAEMONS
    )


def transport_map(settings: PostfixSettings) -> str:
    """The slow domains, one that returns everything to its sender, and the canaries' addresses.

    Everything else follows ``relayhost``.
    """
    ports = settings.ports
    relay = f"relay:[{LOOPBACK}]:{ports['slow_relay']}"
    slow = "".join(f"{domain} {relay}\n" for domain in settings.slow_domains)
    bouncing = f"{BOUNCING_DOMAIN} relay:[{LOOPBACK}]:{ports['bouncing_relay']}\n"
    exporter = f"lmtp:inet:{LOOPBACK}:{ports['canary_lmtp']}"
    if settings.mailboxes is not None:
        domain, port = settings.mailboxes
        bouncing += f"{domain} lmtp:inet:{LOOPBACK}:{port}\n"
    return slow + bouncing + "".join(f"{canary} {exporter}\n" for canary in settings.canaries)
