internal import Catalog
internal import HTTPTypes
internal import JSON

/// The API as an OpenAPI 3.1 document, built from the declared endpoints.
///
/// Responses are described exactly: every field, and no other. Requests are described as they should be sent; the
/// document omits what the server tolerates, such as numbers in quotes.
/// Source: OpenAPI Specification 3.1.0, whose schemas are JSON Schema, draft 2020-12.
struct OpenAPIDocument: Sendable {
    let endpoints: [Endpoint]
    let options: ServerOptions
    /// Whether authentication is on: only then 401 and 403 can occur.
    let isAuthenticated: Bool

    /// The version of the reference API that this server implements.
    static let version = "1.1"
    static let summary = "The Scaleout Edge REST API as implemented by this server."

    /// The whole document.
    var json: JSON {
        [
            "openapi": "3.1.0",
            "info": [
                "title": "Ledge", "version": .string(Self.version), "summary": .string(Self.summary),
                "description": .string(Self.conventions.map { "- \($0)\n" }.joined()),
            ],
            "servers": .array(([""] + (options.pathPrefix.isEmpty ? [] : [options.pathPrefix])).map(Self.server)),
            "tags": .array(endpoints.tags.map { ["name": .string($0)] }),
            "paths": paths,
            "components": components,
        ]
    }

    /// The conventions of all endpoints, one sentence each.
    static let conventions = [
        "Every path works with and without a trailing slash; every GET endpoint also answers HEAD.",
        "Bodies are JSON or forms; a body that starts with { or [ is read as JSON whatever its Content-Type.",
        "Every error is an object with a message, also 404 for an unknown path and 405, with Allow, for a wrong method.",
        "Timestamps are returned in UTC with microseconds; RFC 3339 with any offset and Unix times are accepted.",
        "Every response contains all fields of a document; unset ones are null.",
        "Lists and counts are filtered by any field, a nested one with dots: field=value tests equality, and a name that "
            + "ends in __gt, __gte, __lt, __lte, __ne or __eq has that operator.",
        "A list or count returns its duration in Server-Timing and, with explain=1 in its URL, its query plan.",
        "Events are stored one at a time, or in any number as JSON lines with Content-Type: application/x-ndjson.",
        "The response to a write is sent when the data is on stable storage.",
    ]

    private static func server(_ path: String) -> JSON {
        ["url": .string(path.isEmpty ? "/" : path)]
    }

    /// Every path with its methods, in the order they were declared.
    private var paths: JSON {
        var paths = JSONObject()
        for endpoint in endpoints {
            var methods = paths[endpoint.path]?.object ?? JSONObject()
            methods[endpoint.method.rawValue.lowercased()] = operation(endpoint)
            paths[endpoint.path] = .object(methods)
        }
        return .object(paths)
    }
}

extension Endpoint {
    /// Its name in the document and its anchor on the page: `postFileUploadByIdChunk`.
    var operationID: String {
        let segments = path.hasPrefix(Self.prefix) ? path.dropFirst(Self.prefix.count) : path[...]
        return segments.split(separator: "/").reduce(method.rawValue.lowercased()) { name, segment in
            let words = segment.filter { $0 != "{" && $0 != "}" }.split { !$0.isLetter && !$0.isNumber }
            return name + (segment.hasPrefix("{") ? "By" : "")
                + words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        }
    }
}

extension [Endpoint] {
    /// The tags: resources in the order of the catalog, then the others in order of declaration, `server` last.
    var tags: [String] {
        var tags = Resource.all.map(\.name).filter { name in contains { $0.tag == name } }
        for endpoint in self where !tags.contains(endpoint.tag) { tags.append(endpoint.tag) }
        return tags.filter { $0 != "server" } + tags.filter { $0 == "server" }
    }
}
