"""Studies, blinded assignments, judgments."""
