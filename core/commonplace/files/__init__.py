"""Files and directories: whose they are, who holds them, and where they may lie."""
