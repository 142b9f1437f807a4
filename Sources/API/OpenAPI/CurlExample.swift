internal import Catalog
internal import HTTPTypes
internal import JSON

/// An example request to an endpoint, as a shell command.
struct CurlExample: Sendable {
    let endpoint: Endpoint
    let isAuthenticated: Bool

    init(_ endpoint: Endpoint, isAuthenticated: Bool) {
        self.endpoint = endpoint
        self.isAuthenticated = isAuthenticated
    }

    /// A `curl` command; the server's address is in `LEDGE`, a token in `TOKEN`.
    var command: String {
        var words = ["curl"]
        if endpoint.method != .get, endpoint.method != .post || !endpoint.body.isSent {
            words.append("-X \(endpoint.method.rawValue)")
        }
        if case .bytes? = endpoint.answers.first?.content { words.append("-OJ") }
        if isAuthenticated, endpoint.access.roles != nil { words.append(#"-H "Authorization: Bearer $TOKEN""#) }
        for parameter in endpoint.parameters where parameter.isRequired && parameter.place == .header {
            words.append("-H '\(parameter.name): 0'")
        }
        words += payload
        let query = endpoint.parameters.filter { $0.isRequired && $0.place == .query }.map { "\($0.name)=…" }
        let path = endpoint.path + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
        return (words + ["\"$LEDGE\(path.replacingBraces)\""]).joined(separator: " ")
    }

    private var payload: [String] {
        switch endpoint.body {
        case .none: []
        case .fields(let members): ["--json '\(Self.text(.object(Self.required(members))))'"]
        case .fieldsOrFile: ["-F helper=numpyhelper", "-F file=@…"]
        case .json(let schema): ["--json '\(Self.text(Self.value(of: schema)))'"]
        case .jsonOrLines(let resource): ["--json '\(Self.text(Self.value(of: .draft(resource))))'"]
        case .lines: ["-H 'Content-Type: \(LineFormat.standard)'", "--data-binary @lines.jsonl"]
        case .bytes: ["--data-binary @chunk"]
        }
    }

    private static func text(_ value: JSON) -> String {
        String(decoding: value.bytes, as: UTF8.self)
    }

    private static func required(_ members: [Schema.Member]) -> JSONObject {
        let required = members.filter(\.isRequired)
        return JSONObject(
            (required.isEmpty ? Array(members.prefix(1)) : required).map { ($0.name, value(of: $0.schema)) }
        )
    }

    private static func value(of schema: Schema) -> JSON {
        switch schema {
        case .any, .map, .message, .plan, .receipt: [:]
        case .null: nil
        case .string, .bytes, .html: "…"
        case .integer, .count, .counted: 1
        case .texts: ["…"]
        case .number: 1.5
        case .bool: true
        case .timestamp: "2026-11-23T19:16:04Z"
        case .fileName: "seed.npz"
        case .oneOf(let values): .string(values.first ?? "")
        case .object(let members): .object(required(members))
        case .array(let element): [value(of: element)]
        case .nullable(let schema): value(of: schema)
        case .document(let resource), .draft(let resource): .object(draft(of: resource.fields))
        case .change(let resource):
            .object(
                draft(of: resource.fields.filter { resource.mutableFields?.contains($0.name) ?? ($0.name == "name") })
            )
        case .page: ["count": 0, "result": []]
        case .filter(let resource):
            .object([resource.fields.first { $0.index == .postings }?.name ?? resource.key: "…"])
        }
    }

    /// The fields that must be sent, or the first one if none is required.
    private static func draft(of fields: [Field]) -> JSONObject {
        let required = fields.filter(\.isRequired)
        return JSONObject((required.isEmpty ? Array(fields.prefix(1)) : required).map { ($0.name, value(of: $0)) })
    }

    private static func value(of field: Field) -> JSON {
        switch field.kind {
        case .identifier, .string, .json: "…"
        case .number: 1.5
        case .integer: 1
        case .bool: true
        case .timestamp: "2026-11-23T19:16:04Z"
        case .object: .object(draft(of: field.members))
        case .nodeRef: ["client_id": "…"]
        }
    }
}

extension String {
    /// A path with its parameters as variables of the shell: `{id}` as `$ID`.
    fileprivate var replacingBraces: String {
        split(separator: "/", omittingEmptySubsequences: false)
            .map { $0.hasPrefix("{") ? "$" + $0.dropFirst().dropLast().uppercased() : String($0) }
            .joined(separator: "/")
    }
}
