"""The GraphQL part of the GitHub dialect: the ten types that `gh` and Renovate query. It only reads."""
