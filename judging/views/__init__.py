"""The pages of raters and of those who manage studies."""
