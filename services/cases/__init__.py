"""Cases is where a complaint is worked: it owns the case with its aspects, from opening to closing and back.

Every complaint received becomes a case; a red sentiment moves it to the front; people work on cases through the JSON
API and the staff console.

Writes: `cases`. Hears: `cases`, `complaints`, `people`, `sentiments`.
"""
