"""Folders of dumps: plain files, each a copy of something, with or without checksums."""
