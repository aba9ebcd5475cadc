"""The tests themselves; importing a module declares its tests."""
