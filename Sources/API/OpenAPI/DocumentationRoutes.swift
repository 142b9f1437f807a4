internal import Hummingbird
internal import HummingbirdCore
internal import JSON
internal import NIOCore

/// The API about itself: the OpenAPI document, and a page made of the same endpoints.
///
/// Both are made once; neither needs anything from elsewhere.
struct DocumentationRoutes: Sendable {
    private let document: ByteBuffer
    private let page: String

    private static let documentEndpoint = Endpoint(
        target: .get("/openapi.json"),
        summary: "Returns this API as an OpenAPI 3.1 document.",
        access: .open,
        answers: [.ok(.map(.any))]
    )
    private static let pageEndpoint = Endpoint(
        target: .get("/docs"),
        summary: "Returns this API as a page to read.",
        access: .open,
        answers: [.ok(.html)]
    )

    /// Makes both of all other endpoints, and of their own two.
    init(endpoints: [Endpoint], options: ServerOptions, isAuthenticated: Bool) {
        let all = endpoints + [Self.documentEndpoint, Self.pageEndpoint]
        let document = OpenAPIDocument(endpoints: all, options: options, isAuthenticated: isAuthenticated)
        self.document = ByteBuffer(bytes: document.json.bytes)
        page = DocumentationPage(endpoints: all, options: options, isAuthenticated: isAuthenticated).html
    }

    func add(to table: inout RouteTable) {
        table.add(Self.documentEndpoint) { [document] _, _ in Response(json: document) }
        table.add(Self.pageEndpoint) { [page] _, _ in Response(html: page) }
    }
}
