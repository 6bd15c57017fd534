"""How the tables of the state came to be what they are, one step a file of ``versions`` (Alembic).

A change of `kizuna.store.state.tables` needs a new step; `kizuna.store.state.migration` says how it is made and run.
"""
