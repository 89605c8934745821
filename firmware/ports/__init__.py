"""What differs from machine to machine: sensors, network cards, sockets, command line. Only main.py chooses
among these."""
