"""The language of valuation: pure objects and rules, no third party (numpy in ratio_study alone)."""
