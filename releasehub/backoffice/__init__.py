"""The admin: lists, forms and actions for staff, above the same services and policies as the APIs.

In: requests of staff. Out: pages of Django's admin, and calls of services. Start with `base.py`. A module is the admin
of the rows that it is named after.
"""
