"""What is measured, by hand or by a slow test. Nothing of the product imports from here."""
