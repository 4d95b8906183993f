"""The demo: its prompts, its invented models and their answers, all written for it."""

# The slugs of its two studies; the waiting one is published last, so it marks a finished build.
FINISHED, WAITING = "four-models", "your-turn"
