import Testing

@testable import Federation

struct AuthorityTests {
    @Test(arguments: [
        ("127.0.0.1:8092", "127.0.0.1", 8092), ("[::1]:0", "::1", 0), ("localhost:80", "localhost", 80),
        ("edge-7.example:65535", "edge-7.example", 65535), ("[fe80::1%eth0]:1", "fe80::1%eth0", 1),
    ])
    func hostWithAPortIsParsed(_ text: String, _ host: String, _ port: Int) {
        let authority = Authority(parsing: text)
        #expect(authority?.host == host)
        #expect(authority?.port == port)
    }

    @Test(arguments: ["localhost", "[::1]"])
    func portIsOptional(_ text: String) {
        let authority = Authority(parsing: text)
        #expect(authority != nil)
        #expect(authority?.port == nil)
    }

    @Test(arguments: [
        "", ":80", "host:", "host:65536", "host:-1", "host:+1", "host:80x", "::1", "::1:80", "[::1", "[::1]80",
        "[::1]:",
        "[]:80", "[host]:80", "a b:80", "user@host:80", "host/path:80",
    ])
    func malformedAuthorityIsRejected(_ text: String) {
        #expect(Authority(parsing: text) == nil)
    }

    @Test(arguments: ["127.0.0.1", "127.9.8.7", "[::1]", "localhost", "LocalHost"])
    func loopbackIsDetected(_ host: String) {
        #expect(Authority(parsing: host)?.isLoopback == true)
    }

    @Test(arguments: [
        "0.0.0.0", "[::]", "10.0.0.1", "128.0.0.1", "127.0.0", "127.0.0.256", "127.evil.example", "localhost.x",
    ])
    func otherHostsAreNotLoopback(_ host: String) {
        #expect(Authority(parsing: host)?.isLoopback == false)
    }
}
