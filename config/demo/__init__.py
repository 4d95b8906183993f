"""The demo: its prompts, its invented models and their answers, all written for it."""
