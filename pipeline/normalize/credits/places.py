"""Cities that datelines name without anything else: capitals and the seats of news."""

from __future__ import annotations

from pipeline.text import fold

_CITIES = """
Abidjan|Abu Dhabi|Abuja|Accra|Addis Ababa|Algiers|Alger|Amman|Amsterdam|Ankara|Antananarivo|Ashgabat|
Asmara|Astana|Asunción|Athens|Athen|Athènes|Atenas|Atene|Atlanta|Auckland|Baghdad|Bagdad|Baku|Bali|
Bamako|Bangalore|Bengaluru|Bangkok|Bangui|Banjul|Barcelona|Basel|Beijing|Peking|Pékin|Pekín|Pechino|
Beirut|Beyrouth|Belfast|Belgrade|Belgrad|Belgrado|Berlin|Berlín|Berlino|Bern|Berne|Birmingham|Bishkek|
Bogota|Bogotá|Bonn|Boston|Brasilia|Brasília|Bratislava|Brazzaville|Bremen|Brussels|Brüssel|Bruxelles|
Bruselas|Bucharest|Bukarest|Bucarest|Budapest|Buenos Aires|Bujumbura|Cairo|Kairo|Le Caire|El Cairo|
Il Cairo|Calcutta|Kolkata|Canberra|Cape Town|Caracas|Cardiff|Casablanca|Chennai|Chicago|Chisinau|
Colombo|Conakry|Copenhagen|Kopenhagen|Copenhague|Dakar|Dallas|Damascus|Damaskus|Damas|Damasco|
Dar es Salaam|Davos|Delhi|New Delhi|Neu-Delhi|Nueva Delhi|Denver|Detroit|Dhaka|Dili|Djibouti|Doha|
Donetsk|Dortmund|Dresden|Dubai|Dublin|Dushanbe|Düsseldorf|Edinburgh|Erfurt|Essen|Frankfurt|
Frankfurt am Main|Frankfurt/Main|Freetown|Gaborone|Gaza|Gaza City|Geneva|Genf|Genève|Ginebra|Ginevra|
Georgetown|Glasgow|Guatemala City|The Hague|Den Haag|La Haye|La Haya|Hamburg|Hannover|Hanoi|Harare|
Havana|Havanna|La Havane|La Habana|Helsinki|Ho Chi Minh City|Hong Kong|Hongkong|Honolulu|Houston|
Hyderabad|Islamabad|Istanbul|Estambul|Jakarta|Jerusalem|Jérusalem|Jerusalén|Johannesburg|Juba|Kabul|
Kaboul|Kampala|Karachi|Karlsruhe|Kathmandu|Khartoum|Kiel|Kiev|Kyiv|Kiew|Kigali|Kingston|Kinshasa|Köln|
Kuala Lumpur|Kuwait City|La Paz|Lagos|Lahore|Las Vegas|Lausanne|Leeds|Leipzig|Libreville|Lille|Lima|
Lisbon|Lissabon|Lisbonne|Lisboa|Liverpool|Ljubljana|Lome|London|Londres|Londra|Los Angeles|Luanda|
Lusaka|Luxembourg|Luxemburg|Lviv|Lyon|Madrid|Mailand|Mainz|Malabo|Male|Managua|Manama|Manchester|Manila|
Maputo|Marseille|Maseru|Mexico City|Mexiko-Stadt|Ciudad de México|México|Miami|Milan|Milano|Minneapolis|
Minsk|Mogadishu|Monaco|Monrovia|Montevideo|Montreal|Montréal|Moscow|Moskau|Moscou|Moscú|Mosca|Mumbai|
München|Munich|Múnich|Muscat|Nairobi|Nantes|Naples|Neapel|Napoli|New Orleans|New York|Nueva York|Niamey|
Nice|Nicosia|Nouakchott|Nur-Sultan|Nürnberg|Oslo|Ottawa|Ouagadougou|Palermo|Panama City|Paris|París|
Parigi|Philadelphia|Phnom Penh|Phoenix|Podgorica|Port Moresby|Port-au-Prince|Portland|Porto|Potsdam|
Prague|Prag|Praga|Pretoria|Pristina|Pyongyang|Quito|Rabat|Ramallah|Reykjavik|Riga|Rio de Janeiro|Riyadh|
Riad|Rom|Rome|Roma|Saarbrücken|Sacramento|Salzburg|San Diego|San Francisco|San José|San Jose|San Juan|
San Salvador|Sanaa|Santiago|Santiago de Chile|Santo Domingo|Sao Paulo|São Paulo|Sarajevo|Schwerin|
Seattle|Seoul|Séoul|Seúl|Sevastopol|Sevilla|Seville|Shanghai|Shenzhen|Simferopol|Singapore|Singapur|
Skopje|Sofia|St. Louis|St. Petersburg|Saint Petersburg|Stockholm|Strasbourg|Straßburg|Stuttgart|Sydney|
Taipei|Taipeh|Tallinn|Tashkent|Tbilisi|Tegucigalpa|Tehran|Teheran|Téhéran|Teherán|Tel Aviv|Tirana|Tokyo|
Tokio|Toronto|Toulouse|Tripoli|Tunis|Turin|Torino|Ulaanbaatar|United Nations|Valencia|Valletta|
Vancouver|Vatican City|Vatikanstadt|Venice|Vienna|Wien|Vienne|Viena|Vientiane|Vilnius|Vladivostok|
Warsaw|Warschau|Varsovie|Varsovia|Washington|Wellington|Wiesbaden|Windhoek|Yangon|Yaounde|Yerevan|
Zagreb|Zürich|Zurich|England|Scotland|Wales|Ireland|France|Germany|Italy|Spain|Portugal|Greece|Turkey|
Russia|Ukraine|Poland|China|Japan|India|Pakistan|Bangladesh|Nepal|Sri Lanka|Indonesia|Malaysia|
Philippines|Thailand|Vietnam|South Korea|North Korea|Taiwan|Australia|New Zealand|Canada|Mexico|Brazil|
Argentina|Chile|Peru|Colombia|Venezuela|Cuba|Haiti|Egypt|Libya|Tunisia|Algeria|Morocco|Sudan|Ethiopia|
Kenya|Uganda|Rwanda|Congo|Nigeria|Ghana|Senegal|Mali|South Africa|Zimbabwe|Israel|West Bank|Lebanon|
Syria|Iraq|Iran|Saudi Arabia|Yemen|Qatar|Afghanistan|Belarus|Hungary|Romania|Bulgaria|Serbia|Croatia|
Switzerland|Austria|Belgium|Netherlands|Denmark|Norway|Sweden|Finland|Iceland|Massachusetts|California|
Texas|Florida|Virginia|Illinois|Ohio|Michigan|Pennsylvania|New Jersey|Georgia|D.C.|DC|
"""
CITIES = frozenset(fold(name) for name in _CITIES.replace("\n", "").split("|") if name)
