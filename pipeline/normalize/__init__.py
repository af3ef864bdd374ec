"""RawItem → Article: main text, boilerplate, dates, language, canonical URL.

Rules only: nothing here touches the network, the disk, the clock or the environment.
"""
