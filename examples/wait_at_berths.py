"""How does the wait for a berth grow with its use, and how many berths keep it below a tenth of the service?

Exact values for random arrivals and Erlang-2 service (M/E2/c), the usual model of a port.
"""

from qujiang.methods.queues import servers_needed, utilisation_allowed, wait_over_service

print("wait over service, 2 and 6 berths")
for utilisation in (0.3, 0.5, 0.7, 0.9):
    two, six = (wait_over_service("M", "E2", berths, utilisation) for berths in (2, 6))
    print(f"  use {utilisation:.1f}   {two:8.4f} {six:8.4f}")
print(f"use that 6 berths allow at a wait of 0.1: {utilisation_allowed('M', 'E2', 6, 0.1):.4f}")
print(f"berths for a load of 4.2 erlang at a wait of 0.1: {servers_needed('M', 'E2', 4.2, 0.1)}")
