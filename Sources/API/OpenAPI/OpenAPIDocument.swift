internal import Catalog
internal import HTTPTypes
internal import JSON

/// The API as an OpenAPI 3.1 document, built from the endpoints the router answers.
///
/// Answers are described as they are sent: every field, and no other. Requests are described as they should be sent;
/// where the server is more forgiving than that, such as with numbers in quotes, the document does not say so.
/// Source: OpenAPI Specification 3.1.0, whose schemas are JSON Schema, draft 2020-12.
struct OpenAPIDocument: Sendable {
    let endpoints: [Endpoint]
    let options: ServerOptions
    /// Whether the server asks for tokens: only then are there 401 and 403.
    let isAuthenticated: Bool

    /// The version of the reference whose paths and documents these are.
    static let version = "1.1"
    static let summary = "The Scaleout Edge REST API, as this server answers it."

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

    /// What holds for every endpoint, a sentence each.
    static let conventions = [
        "Every path is answered with and without a slash at its end, and what is answered to GET is answered to HEAD.",
        "Bodies are JSON or forms; what starts like an object or an array is read as JSON whatever its Content-Type.",
        "Every refusal is an object with a message, also 404 for an unknown path and 405, with Allow, for a wrong method.",
        "Instants are UTC with microseconds; RFC 3339 with any offset and Unix times are taken.",
        "Every field of a stored document is in every answer, null where it is unset.",
        "Any field is a condition of a list or count, nested ones with dots, with __gt, __gte, __lt, __lte, __ne or __eq "
            + "behind it where it is not equality.",
        "A list or count says in Server-Timing how long it took, and with explain=1 in its URL how its answer was found.",
        "Events are taken one at a time, or any number as JSON lines, whose Content-Type is application/x-ndjson.",
        "A write is answered when it is on stable storage.",
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
    /// Its name in the document, and its anchor on the page: `postFileUploadByIdChunk`.
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
    /// The nouns: the resources in the order of the catalog, then the others as they come, the server itself last.
    var tags: [String] {
        var tags = Resource.all.map(\.name).filter { name in contains { $0.tag == name } }
        for endpoint in self where !tags.contains(endpoint.tag) { tags.append(endpoint.tag) }
        return tags.filter { $0 != "server" } + tags.filter { $0 == "server" }
    }
}
