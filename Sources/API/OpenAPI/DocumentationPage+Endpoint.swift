internal import Catalog
internal import HTTPTypes

extension DocumentationPage {
    /// One endpoint: its summary, parameters, body, answers and an example.
    func article(_ endpoint: Endpoint) -> String {
        let method = endpoint.method.rawValue
        let id = endpoint.operationID
        let access = isAuthenticated ? "<p class=\"access\">\(endpoint.access.sentence.escaped)</p>" : ""
        return """
            <article aria-labelledby="\(id)">
            <h3 id="\(id)"><a href="#\(id)"><span class="method \(method.lowercased())">\(method)</span> <code>\(endpoint.path.escaped)</code></a></h3>
            <p>\(endpoint.summary.escaped)</p>
            \(access)
            \(table("parameter", parameters(of: endpoint)))
            \(table("body", body(of: endpoint)))
            \(table("answer", endpoint.answers.map { ["<code>\($0.status)</code>", $0.content?.phrase ?? "nothing", $0.summary.escaped] }))
            <pre aria-label="Example"><code>\(CurlExample(endpoint, isAuthenticated: isAuthenticated).command.escaped)</code></pre>
            </article>
            """
    }

    private func parameters(of endpoint: Endpoint) -> [[String]] {
        let named = endpoint.pathParameters.map { ["<code>\($0.escaped)</code>", "path, required", ""] }
        return named
            + endpoint.parameters.map { parameter in
                let place = parameter.place.rawValue + (parameter.isRequired ? ", required" : "")
                return ["<code>\(parameter.name.escaped)</code>", place, parameter.summary.escaped]
            }
    }

    private func body(of endpoint: Endpoint) -> [[String]] {
        switch endpoint.body {
        case .none: []
        case .fields(let members), .json(.object(let members)): members.map(row)
        case .fieldsOrFile(let members):
            members.map(row) + [
                ["<code>file</code>", "bytes", "The file, as a part of a multipart form"]
            ]
        case .json(let schema): [["JSON", schema.phrase, ""]]
        case .jsonOrLines(let resource):
            [["JSON", Schema.draft(resource).phrase, ""], Self.lines(of: resource)]
        case .lines(let resource): [Self.lines(of: resource)]
        case .bytes: [["bytes", "any", "Any Content-Type"]]
        }
    }

    private static func lines(of resource: Resource) -> [String] {
        [
            "JSON lines", "on each line \(Schema.draft(resource).phrase)",
            "With <code>Content-Type: \(LineFormat.standard)</code>; any number of lines",
        ]
    }

    private func row(_ member: Schema.Member) -> [String] {
        let kind = member.schema.phrase + (member.isRequired ? ", required" : "")
        return ["<code>\(member.name.escaped)</code>", kind, member.summary.escaped]
    }

    /// Returns a table of three columns, or an empty text if there are no rows; the cells are HTML.
    private func table(_ name: String, _ rows: [[String]]) -> String {
        guard !rows.isEmpty else { return "" }
        return """
            <table class="\(name)">
            <thead><tr><th scope="col">\(name)</th><th scope="col">kind</th><th scope="col">meaning</th></tr></thead>
            <tbody>
            \(rows.map { self.row($0) }.joined(separator: "\n"))
            </tbody>
            </table>
            """
    }
}

extension Schema {
    /// The schema as HTML text; documents link to their fields.
    fileprivate var phrase: String {
        switch self {
        case .any: "any JSON"
        case .null: "null"
        case .string: "text"
        case .integer: "integer"
        case .count: "integer from 0"
        case .texts: "list of texts, or one text with commas between them"
        case .number: "number"
        case .bool: "true or false"
        case .timestamp: "timestamp"
        case .fileName: "a name without a path"
        case .oneOf(let values): values.map { "<code>\($0.escaped)</code>" }.joined(separator: ", ")
        case .object(let members):
            "object: " + members.map { "<code>\($0.name.escaped)</code>" }.joined(separator: ", ")
        case .map(let value): "object, each member \(value.phrase)"
        case .array(let element): "list, each \(element.phrase)"
        case .nullable(let value): "\(value.phrase), or null"
        case .document(let resource): "a <a href=\"#\(resource.name)\">\(resource.singular.escaped)</a>"
        case .draft(let resource): "the fields of a <a href=\"#\(resource.name)\">\(resource.singular.escaped)</a>"
        case .change(let resource):
            "fields of a <a href=\"#\(resource.name)\">\(resource.singular.escaped)</a> to change"
        case .page(let resource):
            "object: <code>count</code>, and in <code>result</code> a list of <a href=\"#\(resource.name)\">\(resource.name.escaped)</a>"
        case .counted: "integer from 0; with <code>explain</code> object: <code>count</code>, <code>explain</code>"
        case .plan: "object: the query plan"
        case .receipt: "object: <code>accepted</code>, <code>refused</code>, <code>errors</code>"
        case .filter(let resource): "conditions on <a href=\"#\(resource.name)\">\(resource.name.escaped)</a>, by name"
        case .message: "object: <code>message</code> and further members"
        case .bytes: "bytes"
        case .html: "a page"
        }
    }
}
