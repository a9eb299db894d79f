"""The web configuration file, in the format of the Prometheus exporter-toolkit.

Source: https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md
Kept out: certificates written inside the file (secrets never sit in the YAML),
cipher and curve lists (OpenSSL's defaults are right), rate limits.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from exporters.toolkit.tls import build_context
from inventory.config import ConfigPath, Document, Fault, read_yaml
from inventory.config.validation import validate

_BCRYPT = re.compile(r"\$2[abxy]\$(0[4-9]|[1-3]\d)\$[./A-Za-z0-9]{53}")
_HIGHEST_COST = 14
"""A second of a core for each guess; each step beyond doubles it, and 31 would take days."""

TlsVersion = Literal["TLS12", "TLS13"]
ClientAuth = Literal["NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"]


def _bcrypt_hash(value: str) -> str:
    written = _BCRYPT.fullmatch(value)
    if written is not None and int(written[1]) > _HIGHEST_COST:
        raise ValueError(
            f"empreinte de coût {written[1]}, trop lente à vérifier ; "
            f"attendu : un coût de {_HIGHEST_COST} au plus"
        )
    if written is None or not import_module("exporters.toolkit.passwords").readable(value):
        # The value itself is not shown: it may be a password written in clear by mistake.
        raise ValueError(
            "ce n'est pas une empreinte bcrypt ; attendu : la sortie de « htpasswd -nBC 10 NOM »"
        )
    return value


def _users(value: Any) -> Any:
    # Before the keys are shown as places of faults: {name:password}, without the space
    # YAML wants, is a key with the password in it.
    if isinstance(value, dict) and any(not key or ":" in str(key) for key in value):
        raise ValueError(
            "nom d'utilisateur vide ou avec « : » ; "
            "attendu : un nom sans deux-points, « : », une espace et son empreinte"
        )
    return value


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TlsSettings(_Block):
    """TLS of the server and what it asks of its clients."""

    cert_file: ConfigPath = Field(examples=["/etc/vigie/tls/exporter.crt"])
    key_file: ConfigPath = Field(examples=["/etc/vigie/tls/exporter.key"])
    client_ca_file: ConfigPath | None = None
    client_auth_type: ClientAuth = "NoClientCert"
    client_allowed_sans: tuple[str, ...] = ()
    min_version: TlsVersion = "TLS12"
    max_version: TlsVersion = "TLS13"

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.client_ca_file is None and self.client_auth_type != "NoClientCert":
            raise ValueError(
                f"{self.client_auth_type} sans autorité ; attendu : la clé client_ca_file"
            )
        if self.client_ca_file is not None and self.client_auth_type == "NoClientCert":
            raise ValueError(
                "client_ca_file sans effet avec NoClientCert ; attendu : "
                "client_auth_type: RequireAndVerifyClientCert"
            )
        if self.client_allowed_sans and self.client_auth_type != "RequireAndVerifyClientCert":
            raise ValueError(
                "client_allowed_sans sans certificat exigé ; attendu : "
                "client_auth_type: RequireAndVerifyClientCert"
            )
        if self.min_version > self.max_version:
            raise ValueError("min_version au-dessus de max_version ; attendu : TLS12 puis TLS13")
        return self

    @property
    def files(self) -> tuple[Path, ...]:
        """The files whose change matters."""
        return tuple(p for p in (self.cert_file, self.key_file, self.client_ca_file) if p)

    def context(self) -> ssl.SSLContext:
        """A server context made of the files as they are now. Raise ValueError (French)."""
        verify = {
            "NoClientCert": ssl.CERT_NONE,
            "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
            "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
        }[self.client_auth_type]
        return build_context(
            self.cert_file,
            self.key_file,
            authority=self.client_ca_file,
            verify=verify,
            minimum=self.min_version,
            maximum=self.max_version,
        )


class Headers(_Block):
    """The response headers the format allows."""

    content_security_policy: str = Field("", alias="Content-Security-Policy")
    x_frame_options: Literal["", "deny", "sameorigin"] = Field("", alias="X-Frame-Options")
    x_content_type_options: Literal["", "nosniff"] = Field("", alias="X-Content-Type-Options")
    x_xss_protection: str = Field("", alias="X-XSS-Protection")
    strict_transport_security: str = Field("", alias="Strict-Transport-Security")

    @model_validator(mode="after")
    def _one_line(self) -> Self:
        for name, value in self.written:
            if not (value.isprintable() and value.isascii()):
                raise ValueError(
                    f"{name} sur plusieurs lignes ou hors de l'ASCII ; "
                    "attendu : une seule ligne, sans accent ni guillemet typographique"
                )
        return self

    @property
    def written(self) -> tuple[tuple[str, str], ...]:
        """(name, value) of each header set."""
        return tuple((k, v) for k, v in self.model_dump(by_alias=True).items() if v)


class HttpSettings(_Block):
    """HTTP settings. `http2` is accepted and changes nothing: this server speaks HTTP/1.1."""

    http2: bool = True
    headers: Headers = Headers()


class WebConfig(_Block):
    """The whole file. Empty: no TLS, nobody asked for a password."""

    tls_server_config: TlsSettings | None = None
    http_server_config: HttpSettings = HttpSettings()
    basic_auth_users: Annotated[
        dict[str, Annotated[str, AfterValidator(_bcrypt_hash)]], BeforeValidator(_users)
    ] = Field(default={}, repr=False)


def load_web_config(path: Path) -> tuple[WebConfig, ssl.SSLContext | None]:
    """The file at `path` and its TLS context. Raise ConfigurationError with every fault."""
    contexts: list[ssl.SSLContext] = []

    def certificates(config: WebConfig, document: Document) -> Iterator[Fault]:
        if config.tls_server_config is None:
            return
        try:
            contexts.append(config.tls_server_config.context())
        except ValueError as error:
            yield document.fault_of(("tls_server_config",), error)

    document = read_yaml(path)
    config = validate(document, WebConfig, certificates)
    return config, contexts[0] if contexts else None
