"""Certificates for servers of the tests, made by the program openssl."""

import shutil
import subprocess

CA = """
[req]
distinguished_name = name
x509_extensions = ca
prompt = no
[name]
CN = {name}
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[host]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = {names}
"""


def openssl(folder, *words):
    program = shutil.which("openssl")
    assert program, "these tests make their certificates with the program openssl"
    subprocess.run([program, *words], cwd=folder, check=True, capture_output=True)  # noqa: S603 - words are ours


def certificates(folder, names, *, ended=False):
    """A certificate authority `ca.pem` and a host's `host.pem` and `host.key` for the names; `ended`: yesterday."""
    folder.mkdir()
    (folder / "ca.cnf").write_text(CA.format(name="Test authority", names=names))
    (folder / "host.cnf").write_text(CA.format(name="mx.example", names=names))
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl(folder, "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-config", "ca.cnf")
    openssl(folder, "req", *key, "-keyout", "host.key", "-out", "host.csr", "-config", "host.cnf")
    signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", "7", "-extfile", "host.cnf", "-extensions", "host"]
    openssl(folder, "x509", "-req", "-in", "host.csr", "-out", "host.pem", "-days", "-1" if ended else "2", *signed)
    return folder
