"""The smallest configuration of a trial that the program accepts; the files that it names need not exist."""

GOOD = """\
[member]
id = "318751275100020"
name = "SPSTI Exemple"
environment = "test"

[peer]
trusted_cas = ["ca.pem"]
[peer.server]
certificate = "server.pem"
key = "server.key"
[peer.client]
pkcs12 = "client.p12"
password = "credential:client-password"

[signing]
kid = "sign-1"
key = "sign.key"

[ledger]
kid = "ledger-1"
key = "ledger.key"

[members]
file = "members.toml"

[state]
directory = "state"
master_key = "credential:master"

[opposition]
authority = "adapter"
decided_on = 2026-01-05
decided_by = "Dr Exemple, medecin coordonnateur"
"""
