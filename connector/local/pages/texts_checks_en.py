"""What the status page says of each check: what is wrong, and what to do."""

from typing import Final

TEXTS: Final[dict[str, str]] = {
    "check.listening": "Listening",
    "check.listening.bad": "The connector is still starting: it answers nobody yet.",
    "check.listening.bad.do": "Wait some seconds and reload; if it lasts, read its log (journalctl -u "
    "spsti-connector).",
    "check.draining": "Stopping",
    "check.draining.bad": "The connector is stopping: it ends what is under way and takes nothing new.",
    "check.draining.bad.do": "If that is not wanted, start it again.",
    "check.state": "Database and ledgers",
    "check.state.bad": "The connector's state cannot be written: without a ledger nothing is asked or handed over.",
    "check.state.bad.do": "Free disk space and look at the machine's clock; then run spsti-connector check.",
    "check.source": "Reading the vendor's software",
    "check.source.bad": "No adapter for reading is configured: every request of other services stays without a record.",
    "check.source.bad.do": "Configure [source] with the adapter of your software (docs/adapters.md), then restart.",
    "check.opposition": "Oppositions",
    "check.opposition.bad": "The connector cannot know whether a worker objects, so it hands over nothing.",
    "check.opposition.bad.do": "In [opposition], name an authority that really keeps oppositions: the connector's "
    "register or your software.",
    "check.certificates": "Certificates",
    "check.certificates.bad": "A certificate of this service is not valid now: no exchange is possible.",
    "check.certificates.bad.do": "Renew it (docs/certificates.md), or set the machine's clock right.",
    "check.certificates.warn": "A certificate of this service ends within 60 days, or could be better.",
    "check.certificates.warn.do": "Ask for its successor now: docs/certificates.md.",
    "check.signing": "Signing key",
    "check.signing.bad": "The key that signs our requests and receipts cannot be reached.",
    "check.signing.bad.do": "Put the card or token back, then reload this page.",
    "check.crls": "Revocation lists",
    "check.crls.bad": "A revocation list ended too long ago: every other service is refused.",
    "check.crls.bad.do": "Put a newer list where [peer] crls says, then systemctl reload spsti-connector.",
    "check.crls.warn": "A revocation list has ended or will soon; then every other service is refused.",
    "check.crls.warn.do": "See that its addresses can be reached from here, or put a newer list where [peer] "
    "crls says.",
    "check.crls.none": "There is no revocation list: a revoked certificate would be believed.",
    "check.crls.none.do": "Set [peer] crls, or the addresses of [peer.crl].",
    "check.crls.unread": "A revocation list could not be read again; the one before still holds.",
    "check.crls.unread.do": "See that its addresses can be reached from here (firewall, proxy).",
    "check.directory": "Member directory",
    "check.directory.bad": "The member directory is not in force any more: without it no service is known.",
    "check.directory.bad.do": "Run spsti-connector directory refresh; spsti-connector federation duty says who must "
    "sign.",
    "check.directory.warn": "The member directory grows old and could not be renewed.",
    "check.directory.warn.do": "Run spsti-connector directory refresh; spsti-connector federation duty says who must "
    "sign.",
    "check.membership": "Our entry in the directory",
    "check.membership.bad": "The directory does not describe this service as it is configured: others will "
    "not know us.",
    "check.membership.bad.do": "Compare the detail below with the configuration, then publish the corrected entry or "
    "correct the configuration.",
    "check.answering": "Answers to other services",
    "check.answering.warn": "This service has paused its answers to others.",
    "check.answering.warn.do": "To resume them: spsti-connector answering resume.",
    "check.limits": "Limits",
    "check.limits.warn": "A service has met a limit, here or with them.",
    "check.limits.warn.do": "See spsti-connector members limits show and the journal page, then call that service.",
    "check.insi": "INSi",
    "check.insi.warn": "The certificate for INSi is not valid now: no identity is verified.",
    "check.insi.warn.do": "Renew it, then restart the connector.",
    "check.attestation": "Attestation of the adapter",
    "check.attestation.warn": "Nobody has attested that what the adapter reads may go to another service.",
    "check.attestation.warn.do": "Set attested_on and attested_by in [source], or take the adapter out.",
    "check.coverage": "Coverage",
    "check.coverage.warn": "Too few workers could be answered about.",
    "check.coverage.warn.do": "The coverage table below, or spsti-connector adapter coverage, says what is lacking.",
    "check.witnesses": "Witnesses",
    "check.witnesses.bad": "Our ledgers are behind what witnesses have seen of them: the state was set back.",
    "check.witnesses.bad.do": "Restore the newest state; where there is none, two people run spsti-connector journal "
    "succeed.",
    "check.witnesses.warn": "No witness was reached lately, or another service's ledger is at fault.",
    "check.witnesses.warn.do": "See spsti-connector journal witnesses, and call the services it names.",
}
