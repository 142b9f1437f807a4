internal import Hummingbird
internal import HummingbirdCore
internal import JSON
internal import NIOCore

/// The description of the API: the OpenAPI document, and a page generated from the same endpoints.
///
/// Both are generated once.
struct DocumentationRoutes: Sendable {
    private let document: ByteBuffer
    private let page: String

    private static let documentEndpoint = Endpoint(
        target: .get("/openapi.json"),
        summary: "Returns the description of this API as an OpenAPI 3.1 document.",
        access: .open,
        answers: [.ok(.map(.any))]
    )
    private static let pageEndpoint = Endpoint(
        target: .get("/docs"),
        summary: "Returns the description of this API as an HTML page.",
        access: .open,
        answers: [.ok(.html)]
    )

    /// Generates both from all other endpoints and these two.
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
