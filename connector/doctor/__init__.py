"""The doctor: looks at a configured house and at what lies around it, and says what to put right."""
