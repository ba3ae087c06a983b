"""Everything of Interlock that touches the outside."""
