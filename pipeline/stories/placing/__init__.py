"""Where an article goes: candidates, assignment, reassignment, corrections, and the evidence for it."""
