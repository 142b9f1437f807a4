internal import HTTPTypes

/// The response headers with which a browser lets pages of an allowed origin use the endpoints.
///
/// Source: the Fetch standard, "CORS protocol".
struct CrossOriginHeaders: Sendable {
    /// How long a browser may keep the answer to a preflight.
    private static let maxAgeSeconds = 600

    private let methods: String
    private let requestHeaders: String
    private let responseHeaders = HTTPField.Name.readByPages.map(\.rawName).joined(separator: ", ")

    /// Allows the methods of the endpoints, and the headers that they declare.
    init(_ endpoints: [Endpoint]) {
        methods = Set(endpoints.map(\.method.rawValue) + ["HEAD"]).sorted().joined(separator: ", ")
        let declared = endpoints.flatMap(\.parameters).filter { $0.place == .header }.map(\.name)
        requestHeaders = Set(declared + ["Authorization", "Content-Type"]).sorted().joined(separator: ", ")
    }

    /// The headers of an answer that a page may read.
    func answer(to origin: String) -> HTTPFields {
        [.accessControlAllowOrigin: origin, .accessControlExposeHeaders: responseHeaders]
    }

    /// The headers of the answer to a preflight.
    func preflight(of origin: String, _ request: HTTPFields) -> HTTPFields {
        var headers: HTTPFields = [
            .accessControlAllowOrigin: origin, .accessControlAllowMethods: methods,
            .accessControlAllowHeaders: requestHeaders, .accessControlMaxAge: "\(Self.maxAgeSeconds)",
        ]
        // From a page of the internet to a private network.
        if request[.requestPrivateNetwork] == "true" { headers[.allowPrivateNetwork] = "true" }
        return headers
    }
}
