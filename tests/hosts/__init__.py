"""One conformance suite for every host that can mount a site."""
