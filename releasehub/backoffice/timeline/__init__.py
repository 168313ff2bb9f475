"""The page of a timeline. Its entries come from `releasehub/timeline`."""
