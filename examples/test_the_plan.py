"""Does the plan of the bundled district hold, and what binds each landmark first?"""

from qujiang.district import District
from qujiang.plan import test_plan

result = test_plan(District.open())
for landmark in result.landmarks:
    print(f"{landmark.number}  {landmark.name_en}: {landmark.status}")
    for measure in landmark.measures:
        if measure.counts and measure.binds:
            first = measure.binds[0]
            print(f"     {measure.name_en}: {measure.status}; {first.what} ({first.kind})")
