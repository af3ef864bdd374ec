"""RawItem → Article: main text, boilerplate, dates, language, canonical URL.

Rules only: nothing here touches the network, the clock or the environment; of the disk only the word files
beside the rules are read, once.
"""
