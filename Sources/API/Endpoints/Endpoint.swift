internal import Catalog
internal import HTTPTypes

/// One method of one path, declared as data.
///
/// The router, access control, the OpenAPI document, the page at `/docs` and the list of endpoints are all derived from
/// it. ``RouteTable`` maps it to the function that answers it.
struct Endpoint: Sendable {
    let target: Target
    /// One sentence, for readers of `/docs`.
    let summary: String
    var access = Access.admin
    /// Query parameters and headers; path parameters are derived from the path.
    var parameters: [Parameter] = []
    var body = Body.none
    /// The answers to requests that succeed, and the endpoint's own errors; the errors of every endpoint
    /// (400 for a malformed body, 401, 403, 404 for an `{id}`, 500, 503, 507) are ``CommonError``s.
    let answers: [Answer]

    /// Whether an answer contains a token: such answers are not cached.
    var isSecret: Bool { answers.contains(where: \.isSecret) }

    var method: HTTPRequest.Method { target.method }
    var path: String { target.path }

    /// The prefix of most paths.
    static let prefix = "/api/v1/"

    /// The resource it belongs to: `sessions`, or `server` for a path without the prefix.
    var tag: String {
        guard path.hasPrefix(Self.prefix) else { return "server" }
        return path.dropFirst(Self.prefix.count).split(separator: "/").first.map(String.init) ?? "server"
    }

    /// The names in braces, in order.
    var pathParameters: [String] {
        path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
    }
}

extension Endpoint {
    /// A method and a path.
    struct Target: Sendable {
        let method: HTTPRequest.Method
        /// From the root, with parameters in braces and no slash at the end: `/api/v1/sessions/{id}`.
        let path: String

        /// `path` is below ``Endpoint/prefix``, or absolute if it begins with a slash.
        private init(_ method: HTTPRequest.Method, _ path: String) {
            self.method = method
            self.path = path.hasPrefix("/") ? path : prefix + path
        }

        static func get(_ path: String) -> Target { Target(.get, path) }
        static func post(_ path: String) -> Target { Target(.post, path) }
        static func put(_ path: String) -> Target { Target(.put, path) }
        static func patch(_ path: String) -> Target { Target(.patch, path) }
        static func delete(_ path: String) -> Target { Target(.delete, path) }
    }

    /// Who may call it when authentication is on.
    enum Access: Sendable {
        /// Anyone, with or without a token.
        case open
        /// Every edge client and combiner, and administrators.
        case participants
        /// Administrators.
        case admin
        /// Holders of an enrolment token, and administrators.
        case enrollment
    }

    /// One query parameter or header.
    struct Parameter: Sendable {
        enum Place: String, Sendable { case query, header }

        let name: String
        let place: Place
        let schema: Schema
        let summary: String
        var isRequired = false

        static func query(_ name: String, _ schema: Schema = .string, _ summary: String = "") -> Parameter {
            Parameter(name: name, place: .query, schema: schema, summary: summary)
        }

        static func header(_ name: String, _ schema: Schema = .string, _ summary: String = "") -> Parameter {
            Parameter(name: name, place: .header, schema: schema, summary: summary)
        }

        /// This parameter, as a required one.
        var required: Parameter {
            var parameter = self
            parameter.isRequired = true
            return parameter
        }
    }

    /// The body of a request.
    enum Body: Sendable {
        case none
        /// A flat object, as JSON or as a form.
        case fields([Schema.Member])
        /// As ``fields(_:)``, or a multipart form with the fields and a part `file`.
        case fieldsOrFile([Schema.Member])
        /// JSON of this shape, or a form of its fields.
        case json(Schema)
        /// A document as JSON, or many, one on each line.
        case jsonOrLines(Resource)
        /// Many documents as JSON, one on each line.
        case lines(Resource)
        /// Any bytes.
        case bytes
    }

    /// One status with its content.
    struct Answer: Sendable {
        let status: Int
        let summary: String
        /// Nil for a response without a body.
        let content: Schema?
        /// Whether it contains a token.
        var isSecret = false

        /// This answer, which contains a token.
        var secret: Answer {
            var answer = self
            answer.isSecret = true
            return answer
        }

        static func ok(_ content: Schema, _ summary: String = "OK") -> Answer {
            Answer(status: 200, summary: summary, content: content)
        }

        /// An object with these members.
        static func ok(_ members: [Schema.Member], _ summary: String = "OK") -> Answer {
            ok(.object(members), summary)
        }

        static func created(_ content: Schema) -> Answer {
            Answer(status: 201, summary: "Created, and on stable storage", content: content)
        }

        static func created(_ members: [Schema.Member]) -> Answer {
            created(.object(members))
        }

        /// One range of a download.
        static let partialContent = Answer(status: 206, summary: "The requested range", content: .bytes)
        static let notModified = Answer(
            status: 304,
            summary: "The file is unchanged: If-None-Match has its ETag",
            content: nil
        )
        static let rangeNotSatisfiable = Answer.refused(416, "The range starts past the end of the file")

        /// An error: `{"message":"…"}` by default.
        static func refused(_ status: Int, _ summary: String, _ content: Schema = .message) -> Answer {
            Answer(status: status, summary: summary, content: content)
        }
    }
}

extension Endpoint.Parameter {
    /// Requests the query plan.
    static let explain = query("explain", .string, "1 or true adds the query plan")
}

extension [Endpoint.Parameter] {
    /// Ranges and conditions of every download.
    static let download: [Endpoint.Parameter] = [.header("Range"), .header("If-Range"), .header("If-None-Match")]

    /// The paging and sorting of every list.
    static let page: [Endpoint.Parameter] = [
        .header("X-Limit", .string, "Maximum number of documents; default: unlimited"),
        .header("X-Skip", .string, "Number of documents to skip first; default: 0"),
        .header("X-Sort-Key", .string, "Field to sort by; default: committed_at"),
        .header("X-Sort-Order", .string, "asc for ascending; default: descending"),
    ]
}
