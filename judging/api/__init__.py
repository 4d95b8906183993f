"""The API of judging: studies, their raters, and the raters' own flow."""
