"""The configuration of the estate's private Exim, as text. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from deploy.estate.exim_package import USER
from deploy.estate.ports import LOOPBACK, Ports

FULL_LOG = "+received_recipients +deliver_time +queue_time +smtp_confirmation +pid"
"""What Vigie's manual asks an Exim to log."""

_CONFIGURATION = """\
exim_path = {folder}/bin/exim4
exim_user = {user}
exim_group = {user}
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
pid_file_path = {folder}/exim.pid
primary_hostname = {hostname}
local_interfaces = {loopback}
daemon_smtp_ports = {smtp} : {submission}
disable_ipv6
keep_environment =
tls_advertise_hosts =
# No TLS; without these the daemon makes a key and reads all authorities before it answers.
tls_certificate = $primary_hostname
tls_verify_certificates =
never_users = root
rfc1413_query_timeout = 0s
split_spool_directory = {split}
smtp_accept_max = 200
smtp_accept_queue_per_connection = 0
bounce_return_message = false
log_selector = {log_selector}
acl_smtp_rcpt = recipient

begin acl
recipient:
  accept authenticated = *
  deny message = 5.1.1 User unknown
       local_parts = personne
  accept domains = {home}
  deny message = relay not permitted

begin routers
unknown:
  driver = redirect
  domains = {unknown}
  allow_fail
  data = :fail: 5.1.1 User unknown
relay:
  driver = manualroute
  transport = relay
  route_list = * {loopback}
  self = send

begin transports
relay:
  driver = smtp
  port = {relay}
  allow_localhost
  hosts_avoid_tls = *
  tls_verify_certificates =

begin retry
# Waiting times so short that each queue run tries again.
* * F,{give_up}s,1s

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if eq{{$auth3}}{{${{lookup{{$auth2}}lsearch{{{folder}/passwords}}}}}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username: : Password:
  server_condition = ${{if eq{{$auth2}}{{${{lookup{{$auth1}}lsearch{{{folder}/passwords}}}}}}}}
  server_set_id = $auth1
"""


@dataclass(frozen=True)
class EximSettings:
    """What differs from one to the next. `give_up`: seconds until mail is given back."""

    folder: Path
    ports: Ports
    log_selector: str = FULL_LOG
    split: bool = True
    give_up: int = 86_400
    home: str = "ville-valmont.test"
    unknown: str = "inconnu.test"
    hostname: str = "mx2.deux-rives.test"


def exim_conf(settings: EximSettings) -> str:
    """Loopback only, no DNS, no local delivery; mail goes to the fast relay."""
    return _CONFIGURATION.format(
        folder=settings.folder,
        user=USER,
        loopback=LOOPBACK,
        smtp=settings.ports["smtp"],
        submission=settings.ports["submission"],
        relay=settings.ports["fast_relay"],
        hostname=settings.hostname,
        split="true" if settings.split else "false",
        log_selector=settings.log_selector,
        home=settings.home,
        unknown=settings.unknown,
        give_up=settings.give_up,
    )
