"""What people say of hits: whether a place answers a query. Made by people, so never a part of the derived index."""
