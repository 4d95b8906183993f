"""The one bridge from judgments to arrays, and to the lines of exported files."""
