"""Small applications, each behind a policy of its own. README says in a line what each shows, and what runs it."""
