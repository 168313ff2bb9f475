"""Signing in with the OpenID Connect provider of a company."""
