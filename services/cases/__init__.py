"""Cases is where a complaint is worked: it owns the case with its aspects, from opening to closing and back.

It writes `cases`, and listens to `complaints`, `people` and `sentiments`. Every complaint received becomes a case; a
red sentiment jumps the queue; people work on cases through the JSON API and the staff console.
"""
