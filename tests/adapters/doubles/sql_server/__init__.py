"""A double of SQL Server for tests: real drivers talk to it over its own protocol."""

from sql_server.answers import SqlServer
from sql_server.protocol import Refused

__all__ = ["Refused", "SqlServer"]
