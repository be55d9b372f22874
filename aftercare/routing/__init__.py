"""Ways and days: how long the way takes, and who goes when. No database here; whoever has rows makes them into jobs."""
