"""The national identity service INSi: its client over mutual TLS, behind the port `core.ports_insi.IdentityService`.

`opening.open_insi` gives the service of a configuration; `off.InsiOff` stands where a house has none. XML is read and
written with lxml, an optional dependency that is imported at the first call (docs/adr/0003).
"""
