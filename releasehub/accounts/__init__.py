"""Users, organizations and roles: who somebody is, what their teams may do, and how they sign in.

In: a sign-in, an invitation, a change of a profile or of a membership. Out: users, organizations with members and
roles, and limits on sign-in attempts. Start with `models`, and with `policies.py` for who may do what.
"""
