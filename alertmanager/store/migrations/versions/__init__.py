"""One file a schema version; once released, never changed."""
