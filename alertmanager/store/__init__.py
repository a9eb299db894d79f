"""What the pager remembers: tables, the database they live in, and their migrations."""
