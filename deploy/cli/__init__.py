"""The control tool `vigie`: one file a sub-command.

Each has SUMMARY (one French line), configure(parser) and run(arguments) -> exit status.
"""
