"""Values of `core` as bytes and back: mandate, receipt, FHIR, digest, checkpoint. No socket, no clock."""
