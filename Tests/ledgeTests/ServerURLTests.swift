import Testing

@testable import ledge

struct ServerURLTests {
    @Test(arguments: [
        ("http://127.0.0.1:8092", "http://127.0.0.1:8092"), ("http://127.0.0.1:8092/", "http://127.0.0.1:8092"),
        ("HTTP://edge", "http://edge:80"), ("HTTPS://edge", "https://edge:443"),
        ("http://[::1]:1/edge//seven/", "http://[::1]:1/edge/seven"),
    ])
    func equivalentURLsHaveOneSpelling(_ text: String, _ spelling: String) throws {
        #expect(try ServerURL(parsing: text).text == spelling)
    }

    @Test(arguments: ["http://a@b", "http://user:secret@edge:80/x", "http://a@b@c"])
    func userIsRejected(_ text: String) {
        #expect(throws: ServerURL.Failure.hasUser) { try ServerURL(parsing: text) }
    }

    @Test(arguments: [
        "", "edge:8092", "http://", "http://edge:0", "http://edge/a b", "http://edge?x=1", "ftp://edge",
    ])
    func otherTextIsMalformed(_ text: String) {
        #expect(throws: ServerURL.Failure.malformed) { try ServerURL(parsing: text) }
    }
}
