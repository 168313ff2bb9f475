"""Operations on a whole hub: back it up, verify and restore backups, and move it to another database or storage.

In: a command of the operator, and a folder or an S3 location. Out: a complete backup, a hub with the data of a backup,
or a copy of the hub in another place, and a record of each backup. Start with the commands in
`management/commands`; `records.py` has the records of backups.
"""
