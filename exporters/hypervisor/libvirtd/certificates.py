"""The TLS certificates of libvirt and QEMU on this machine, or those a list names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from exporters.hypervisor.holdings import CertificateFile
from exporters.hypervisor.libvirtd.der import CertificateError, pem_ends
from inventory.process.logs import get_logger

PKI = Path("/etc/pki")
_USUAL = (
    "CA/cacert.pem",
    "libvirt/servercert*.pem",
    "libvirt/clientcert*.pem",
    *(
        f"{folder}/{name}"
        for folder in (
            "qemu",
            *(f"libvirt-{use}" for use in ("vnc", "spice", "chardev", "migrate", "backup", "nbd")),
        )
        for name in ("ca-cert.pem", "server-cert*.pem", "client-cert*.pem")
    ),
)
"""libvirt's *TLS certificates* page and the ``*_tls_x509_cert_dir`` of qemu.conf."""

LARGEST_FILE = 1024**2
_log = get_logger("vigie.hypervisor")


class Certificates:
    """Reads the files anew each round and says once what cannot be read, and once that it can."""

    def __init__(self, hypervisor: str, paths: Iterable[Path] | None, pki: Path = PKI) -> None:
        self._hypervisor, self._pki = hypervisor, pki
        self._paths = None if paths is None else tuple(paths)
        self._faults: dict[str, str] = {}

    def read(self) -> list[CertificateFile]:
        """Every file of the list; without one, those found in the usual places."""
        paths = usual_files(self._pki) if self._paths is None else self._paths
        files = [read_file(path) for path in paths]
        faults = {file.path: file.fault for file in files if file.fault}
        for path, fault in faults.items():
            if self._faults.get(path) != fault:
                _log.warning(
                    "certificat illisible", hypervisor=self._hypervisor, path=path, error=fault
                )
        for path in self._faults.keys() - faults.keys():
            _log.info("certificat de nouveau lisible", hypervisor=self._hypervisor, path=path)
        self._faults = faults
        return files


def usual_files(pki: Path) -> list[Path]:
    """The certificates that are where libvirt and QEMU look for them."""
    return [path for pattern in _USUAL for path in sorted(pki.glob(pattern))]


def read_file(path: Path) -> CertificateFile:
    """One file; never raises."""
    try:
        with path.open("rb") as opened:
            content = opened.read(LARGEST_FILE + 1)
    except OSError as error:
        return CertificateFile(str(path), fault=error.strerror or str(error))
    if len(content) > LARGEST_FILE:
        return CertificateFile(str(path), fault=f"more than {LARGEST_FILE} bytes")
    try:
        return CertificateFile(str(path), tuple(pem_ends(content.decode("utf-8", "replace"))))
    except CertificateError as error:
        return CertificateFile(str(path), fault=str(error))
