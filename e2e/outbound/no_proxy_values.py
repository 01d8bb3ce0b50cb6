"""Values of NO_PROXY as people write them, and the odd ones; what each reader makes of them is in no_proxy.txt."""

URLS = ["http://example.test/", "http://www.example.test/", "http://badexample.test/", "http://EXAMPLE.test/", "http://example.test:8443/",
        "https://example.test/", "http://192.0.2.7/", "http://192.0.2.77:8443/", "http://[2001:db8::1]/", "http://other.test/"]

VALUES = [
    # nothing
    "", " ", ",", ",,", " , ",
    # a name
    "example.test", "EXAMPLE.TEST", "Example.Test", "example.test.", "www.example.test", "test", "exampl", "ample.test", "badexample.test",
    "a.www.example.test", "example", "nobody", "localhost", "example.test/", "http://example.test", "http://example.test/", "//example.test", "example.test/path",
    # a dot before it, or a star
    ".example.test", "..example.test", ".example.test.", ".EXAMPLE.test", ".test", ".www.example.test", ".", "..", "*.example.test", "*example.test",
    "*.test", "*", "**", "*.", "*.*", "* ", " *", "*,other.test", "other.test,*", "other.test, *", "ex*.test", "?xample.test", "www.*", "w*.example.test",
    "*.*.test", "[example.test]", "^example.test$",
    # ports
    "example.test:80", "example.test:8443", "example.test:443", "example.test:", "example.test:x", "example.test:0", "example.test:080", "example.test:65536",
    ".example.test:80", ".example.test:8443", "*.example.test:80", "*:80", "*:8443", ":80", ":8443", "example.test:*", "www.example.test:80",
    # several, and what is between them
    "example.test,other.test", "example.test, other.test", "example.test ,other.test", "example.test other.test", "example.test  other.test",
    "example.test;other.test", "example.test|other.test", "example.test\tother.test", ",example.test", "example.test,", ",,example.test,,",
    "nobody,example.test", "other.test,192.0.2.7,example.test:8443", "'example.test'", '"example.test"', "example.test,!www.example.test", "-example.test",
    # addresses
    "192.0.2.7", "192.0.2.7:80", "192.0.2.7:8443", "192.0.2.77:8443", "192.0.2.7.", "192.0.2", "192.0.2.", "192.0.2.*", "192.*", ".7", "2.7", ".2.7", "*.7",
    "192.0.2.007", "0xc0000207", "3221226247", "192.0.519", "0300.0.2.7", "192.0.2.7/", "::ffff:192.0.2.7", "[::ffff:192.0.2.7]",
    # networks
    "192.0.2.0/24", "192.0.2.7/24", "192.0.2.64/26", "192.0.2.7/32", "192.0.2.7/33", "192.0.2.7/31", "0.0.0.0/0", "192.0.2/24", "192/8", "192.0.0.0/255.255.0.0",
    "192.0.2.0/24:80", "192.0.2.0/24:8443", "192.0.2.1-192.0.2.9", "192.0.2.0-192.0.2.255", "192.0.2.0/ 24", "192.0.2.0/024", "192.0.2.0/",
    # IPv6
    "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80", "[2001:db8::1]:8443", "2001:DB8::1", "2001:db8:0:0:0:0:0:1", "2001:0db8::0001", "2001:db8::/32",
    "[2001:db8::/32]", "[2001:db8::]/32", "2001:db8::1/128", "::/0", "2001:db8::2", "2001:db8::1%eth0", "[2001:db8::1", "2001:db8::1]",
    # what is no ASCII
    "exämple.test", "xn--exmple-cua.test",
]
