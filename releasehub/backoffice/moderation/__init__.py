"""The page of the moderation queue. Its rules are in `releasehub/moderation`."""
