"""The first page of the admin. Its figures come from the apps that they are about."""
