import ssl
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from exporters.toolkit.webconfig import load_web_config
from inventory.config import ConfigurationError

HASH = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    for name in ("server", "other"):
        issued = authority.issue_cert("127.0.0.1")
        issued.private_key_pem.write_to_path(made / f"{name}.key")
        issued.cert_chain_pems[0].write_to_path(made / f"{name}.crt")
    authority.cert_pem.write_to_path(made / "ca.crt")
    (made / "rubbish").write_text("rubbish")
    return made


@pytest.fixture
def load(folder):
    def go(text: str):
        (folder / "web.yml").write_text(text)
        return load_web_config(folder / "web.yml")

    return go


PAIR = "cert_file: server.crt, key_file: server.key"
MAYBE = "client_auth_type: VerifyClientCertIfGiven"
BOTH = "client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt"


def test_an_empty_file_asks_nothing(load):
    config, context = load("")
    assert context is None
    assert config.basic_auth_users == {}


@pytest.mark.parametrize(
    ("tls", "verify"),
    [
        (PAIR, ssl.CERT_NONE),
        (f"{PAIR}, {BOTH}", ssl.CERT_REQUIRED),
        (
            f"{PAIR}, {MAYBE}, client_ca_file: ca.crt",
            ssl.CERT_OPTIONAL,
        ),
    ],
)
def test_good_tls_settings(load, tls, verify):
    _, context = load(f"tls_server_config: {{{tls}}}\n")
    assert context is not None
    assert context.verify_mode == verify
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_versions_are_bounded(load):
    _, context = load(f"tls_server_config: {{{PAIR}, min_version: TLS13}}\n")
    assert context is not None
    assert context.minimum_version == ssl.TLSVersion.TLSv1_3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tls_server_config: {}", "tls_server_config.cert_file: clé obligatoire absente"),
        ("tls_server_config: {cert_file: gone, key_file: server.key}", "gone illisible"),
        ("tls_server_config: {cert_file: server.crt, key_file: other.key}", "ne vont pas ensemble"),
        ("tls_server_config: {cert_file: rubbish, key_file: server.key}", "ne sont pas du PEM"),
        (f"tls_server_config: {{{PAIR}, cert: x}}", "tls_server_config.cert: clé inconnue"),
        (f"tls_server_config: {{{PAIR}, client_auth_type: RequireAnyClientCert}}", "pas admis"),
        (f"tls_server_config: {{{PAIR}, {MAYBE}}}", "la clé client_ca_file"),
        (f"tls_server_config: {{{PAIR}, client_ca_file: ca.crt}}", "sans effet avec NoClientCert"),
        (f"tls_server_config: {{{PAIR}, {BOTH.replace('ca.crt', 'rubbish')}}}", "aucune autorité"),
        (f"tls_server_config: {{{PAIR}, client_allowed_sans: [x]}}", "sans certificat exigé"),
        (f"tls_server_config: {{{PAIR}, min_version: TLS13, max_version: TLS12}}", "au-dessus de"),
        ("basic_auth_users: {a: secret-in-clear}", "users.a: ce n'est pas une empreinte"),
        (f"basic_auth_users: {{'a:b': {HASH}}}", "sans deux-points"),
        # No space: to YAML, one key that holds the password.
        ("basic_auth_users: {a:secret-in-clear}", "1: basic_auth_users: nom d'utilisateur"),
        ("basic_auth_users: {'': x}", "1: basic_auth_users: nom d'utilisateur vide"),
        # Of the right shape, and yet the library could check no password against it.
        (f"basic_auth_users: {{a: $2y$10${'9' * 53}}}", "users.a: ce n'est pas une empreinte"),
        (f"basic_auth_users: {{a: {HASH.replace('2y', '2')}}}", "users.a: ce n'est pas une"),
        (f"basic_auth_users: {{a: {HASH.replace('$10', '$31')}}}", "coût 31, trop lente"),
        (f"basic_auth_users: {{a: {HASH.replace('$10', '$03')}}}", "users.a: ce n'est pas une"),
        ("http_server_config: {headers: {Content-Security-Policy: ’a’}}", "hors de l'ASCII"),
        ("http_server_config: {headers: {X-Frame-Options: maybe}}", "n'est pas admis"),
        ("http_server_config: {headers: {X-Other: maybe}}", "clé inconnue"),
        ('http_server_config: {headers: {X-XSS-Protection: "a\\nb"}}', "sur plusieurs lignes"),
        ("rate_limit: {burst: 1}", "rate_limit: clé inconnue"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_without_any_secret(load, text, words):
    with pytest.raises(ConfigurationError) as refused:
        load(text + "\n")
    assert words in str(refused.value)
    assert "secret-in-clear" not in str(refused.value)


def test_headers_that_are_set_are_given_by_their_names(load):
    config, _ = load("http_server_config: {headers: {X-Content-Type-Options: nosniff}}\n")
    assert config.http_server_config.headers.written == (("X-Content-Type-Options", "nosniff"),)


def test_a_key_with_a_password_does_not_ask_for_it(folder, load):
    key = load_pem_private_key((folder / "server.key").read_bytes(), None)
    locked = key.private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, BestAvailableEncryption(b"x")
    )
    (folder / "locked.key").write_bytes(locked)
    with pytest.raises(ConfigurationError, match="sans mot de passe"):
        load("tls_server_config: {cert_file: server.crt, key_file: locked.key}\n")
