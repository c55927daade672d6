"""Why a test fails that will not be made to pass, where its own message does not say it."""

REASONS = {}
