"""The peers of the server: each an endpoint over the same tables, made as its makers' own examples make one."""
