"""Downloads, the products of the hub: their categories, owners, shares and access keys.

In: a slug, texts and an owner. Out: downloads, and the rule for who sees and edits them. Start with `models` and
`policies.py`.
"""
