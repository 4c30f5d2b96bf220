"""Looking back from tables to events: is a row right, why is it so, what was it then?"""
