"""Buildings: what the district's building stock holds, and which firm fits which suite.

``read_stock`` reads carriers, suites, leases and firms from a district on one day, and refuses those that contradict each other;
``survey.survey`` measures them (occupancy, tax per m2, mix, concentration, remaining terms) with small cells withheld; ``place.place`` gives suites
to firms that seek space.
"""
