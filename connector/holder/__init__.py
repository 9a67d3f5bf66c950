"""Our part when asked: look through the vendor's source, decide, answer with evidence, hand the document over."""
