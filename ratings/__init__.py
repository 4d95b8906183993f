"""From judgments to leaderboards to files."""
