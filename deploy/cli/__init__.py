"""The control tool `vigie`: one file a sub-command, with SUMMARY, configure(parser) and run(arguments)."""
