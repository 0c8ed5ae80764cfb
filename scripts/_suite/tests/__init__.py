"""Tests of what the scripts do, and Odoo's own linter on our modules."""
