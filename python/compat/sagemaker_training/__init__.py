"""The training toolkit, of which scripts import what the job is."""
