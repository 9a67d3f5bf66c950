"""Prometheus metrics of one connector, in a registry of its own, with member ids as the only labels that name anyone.

Units are base units (seconds, bytes). Nothing is labelled by worker, practitioner, path or id of a request.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """All the metrics; `render` gives the text exposition."""

    def __init__(self, version: str) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        self.build = Gauge("spsti_build_info", "Version of the connector", ["version"], registry=registry)
        self.build.labels(version).set(1)
        self.ready = Gauge("spsti_ready", "1 when the connector can answer and ask, else 0", registry=registry)
        self.answers = Counter(
            "spsti_holder_answers_total", "Answers given to peers, by outcome", ["member", "outcome"], registry=registry
        )
        self.refusals = Counter("spsti_holder_refusals_total", "Requests refused, by code", ["code"], registry=registry)
        self.limits = Counter(
            "spsti_limits_met_total",
            "Demands not answered for a limit, by its rule",
            ["member", "rule"],
            registry=registry,
        )
        self.answer_seconds = Histogram(
            "spsti_holder_answer_seconds",
            "Time to answer a peer, the floor included",
            buckets=_SECONDS,
            registry=registry,
        )
        self.handovers = Counter(
            "spsti_holder_handovers_total",
            "Documents sent, complete or aborted",
            ["member", "result"],
            registry=registry,
        )
        self.handover_bytes = Counter("spsti_holder_handover_bytes_total", "Bytes of documents sent", registry=registry)
        self.replies = Counter(
            "spsti_requester_replies_total",
            "How services replied to our lookups",
            ["member", "reply"],
            registry=registry,
        )
        self.fetches = Counter(
            "spsti_requester_fetches_total", "Fetches by the state they reached", ["state"], registry=registry
        )
        self.fetch_seconds = Histogram(
            "spsti_fetch_duration_seconds",
            "From the start of a fetch to a readable document",
            buckets=_SECONDS,
            registry=registry,
        )
        self.rejected = Counter(
            "spsti_documents_rejected_total", "Documents not shown, by code", ["code"], registry=registry
        )
        self.adapter_failures = Counter(
            "spsti_adapter_failures_total", "Failures of the vendor's adapter", ["operation", "code"], registry=registry
        )
        self.insi_calls = Counter(
            "spsti_insi_calls_total",
            "Calls of INSi, by operation and result",
            ["operation", "result"],
            registry=registry,
        )
        self.insi_seconds = Histogram(
            "spsti_insi_call_seconds", "How long a call of INSi takes", buckets=_SECONDS, registry=registry
        )
        self.identity_alerts = Gauge(
            "spsti_identity_alerts_open", "Identity alerts that nobody has taken", registry=registry
        )
        self.outbox = Gauge(
            "spsti_outbox_entries", "Acknowledgements and traces still to deliver", ["kind"], registry=registry
        )
        self.ledger_failures = Counter("spsti_ledger_failures_total", "Commits that failed", registry=registry)
        self.ledger_faults = Counter(
            "spsti_ledger_faults_total", "Faults found in ledgers, by kind", ["kind"], registry=registry
        )
        self.ledger_behind = Gauge(
            "spsti_ledger_behind", "1 while a ledger of ours is behind or forked from what it signed", registry=registry
        )
        self.witnessed = Gauge(
            "spsti_ledger_witnessed_timestamp_seconds",
            "When a witness last countersigned a ledger of ours",
            ["tree"],
            registry=registry,
        )
        self.witness_rounds = Counter(
            "spsti_witness_rounds_total", "Rounds of witnesses, by whether any answered", ["result"], registry=registry
        )
        self.certificate_expiry = Gauge(
            "spsti_certificate_expiry_timestamp_seconds", "When a certificate of ours ends", ["use"], registry=registry
        )
        self.crl_ends = Gauge(
            "spsti_crl_next_update_timestamp_seconds",
            "When a revocation list ends, by authority",
            ["authority"],
            registry=registry,
        )
        self.crl_fetches = Counter(
            "spsti_crl_fetches_total", "Revocation lists fetched, by result", ["result"], registry=registry
        )
        self.directory_refusals = Counter(
            "spsti_directory_refusals_total",
            "Copies and parts of the directory not believed, by reason",
            ["reason"],
            registry=registry,
        )
        self.directory_members = Gauge(
            "spsti_directory_members", "Members of the directory, by status", ["status"], registry=registry
        )
        self.directory_ends = Gauge(
            "spsti_directory_end_timestamp_seconds", "When the directory in force ends", registry=registry
        )
        self.directory_refreshed = Gauge(
            "spsti_directory_refreshed_timestamp_seconds",
            "When copies of the directory last answered",
            registry=registry,
        )
        self.answering_paused = Gauge(
            "spsti_answering_paused", "1 while this service answers nobody by its own decision", registry=registry
        )
        self.alerts = Counter(
            "spsti_alerts_total", "Attempts to hand an alert to the webhook, by result", ["result"], registry=registry
        )
        self.jobs = Counter("spsti_jobs_total", "Background jobs run, by result", ["job", "result"], registry=registry)
        self.job_seconds = Histogram(
            "spsti_job_seconds", "How long background jobs take", ["job"], buckets=_SECONDS, registry=registry
        )

    def render(self) -> bytes:
        """Give the text exposition format."""
        return generate_latest(self.registry)
