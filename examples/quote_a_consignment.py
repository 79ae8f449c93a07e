"""How do 500 t of steel go from Changshan to Suzhou: the chains that nobody beats in cost, hours and emissions at once."""

from qujiang.districts import find_folder
from qujiang.freight.quote import ask, quote
from qujiang.freight.shelf import book_of

book = book_of(find_folder())
chains = quote(book, ask(book, "常山县", "苏州", "steel", 500))
print("chain          yuan/t  hours  kgCO2e/t  legs")
for chain in chains:
    way = ", ".join(f"{leg.km:.0f} km" for leg in chain.legs)
    print(f"{chain.signature:<13}{chain.yuan:8.1f}{chain.hours:7.1f}{chain.kg:10.1f}  {way}")
