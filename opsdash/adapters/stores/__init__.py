"""Where alerts, their marks and the audit log are kept: SQLite, PostgreSQL, or this process's memory."""
