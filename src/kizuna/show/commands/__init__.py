"""The commands of ``kizuna``, loaded when they are used."""
