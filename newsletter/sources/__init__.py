"""Where documents come from: parsing what arrives, and the places it arrives in."""
