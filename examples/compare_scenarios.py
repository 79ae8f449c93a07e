"""What would a second chamber at Fuchunjiang, or a dry year, change for the port?"""

from qujiang.district import District
from qujiang.plan import test_plan

district = District.open()
print(f"{'scenario':<28}{'port, Mt/year':>14}{'Fuchunjiang lock':>18}  what binds first")
for name in (None, "fuchunjiang-second-chamber", "low-water"):
    result = test_plan(district, name)
    lock = next(row for row in result.locks if row["lock"] == "fuchunjiang")
    port = result.figures["throughput_target_t_per_year"] / 1e6
    first = result.limits[0]
    print(f"{name or 'as it stands':<28}{port:>14.2f}{lock['load_share']:>13.0%} full  {first.what}")
