internal import Catalog
internal import HTTPTypes
internal import JSON

/// The page at `/docs`: every resource with its endpoints, as plain HTML.
///
/// It is generated from the same endpoints as the OpenAPI document. Its style is inline, and it has no script, font or
/// image, so it works without a network. Text is escaped when it is inserted.
struct DocumentationPage: Sendable {
    let endpoints: [Endpoint]
    let options: ServerOptions
    let isAuthenticated: Bool

    /// The whole page.
    var html: String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>Ledge: the REST API</title>
        <style>
        \(Self.style)
        </style>
        </head>
        <body>
        <a class="skip" href="#content">Skip to the content</a>
        <nav aria-label="Resources">
        <p class="name"><a href="#content">Ledge</a></p>
        <ul>
        \(endpoints.tags.map { "<li><a href=\"#\($0.escaped)\">\($0.escaped)</a></li>" }.joined(separator: "\n"))
        </ul>
        </nav>
        <main id="content">
        \(introduction)
        \(endpoints.tags.map(section).joined(separator: "\n"))
        </main>
        </body>
        </html>

        """
    }

    private var introduction: String {
        let host = "\(options.host):\(options.port == 0 ? 8092 : options.port)"
        let token = isAuthenticated ? "\nexport TOKEN=…   # from: ledge token" : ""
        return """
            <h1>The REST API</h1>
            <p>\(OpenAPIDocument.summary.escaped) It is also available as
            <a href="\(options.pathPrefix.escaped)/openapi.json">OpenAPI 3.1</a>.</p>
            <ul>
            \(OpenAPIDocument.conventions.map { "<li>\($0.escaped)</li>" }.joined(separator: "\n"))
            </ul>
            <p>The examples use these shell variables:</p>
            <pre><code>export LEDGE=http://\(host.escaped)\(token)</code></pre>
            <h2 id="common-errors">Common errors</h2>
            <p>In addition to its own, any endpoint may return these, if they apply:</p>
            <table>
            <thead><tr><th scope="col">status</th><th scope="col">when</th></tr></thead>
            <tbody>
            \(CommonError.allCases.filter(isPossible).map { row(["<code>\($0.status)</code>", $0.summary.escaped]) }.joined(separator: "\n"))
            </tbody>
            </table>
            """
    }

    private func isPossible(_ error: CommonError) -> Bool {
        endpoints.contains { error.concerns($0, isAuthenticated: isAuthenticated) }
    }

    /// One resource: its fields, then its endpoints.
    private func section(_ tag: String) -> String {
        let resource = Resource.all.first { $0.name == tag }
        return """
            <section aria-labelledby="\(tag.escaped)">
            <h2 id="\(tag.escaped)">\(tag.escaped)</h2>
            \(resource.map(fields) ?? "")
            \(endpoints.filter { $0.tag == tag }.map(article).joined(separator: "\n"))
            </section>
            """
    }

    /// The fields of a resource's documents and their defaults.
    private func fields(_ resource: Resource) -> String {
        let rows = resource.fields.flatMap { field in
            [(field.name, field)] + field.members.map { ("\(field.name).\($0.name)", $0) }
        }
        return """
            <details>
            <summary>Fields</summary>
            <table>
            <thead><tr><th scope="col">field</th><th scope="col">kind</th><th scope="col">default</th></tr></thead>
            <tbody>
            \(rows.map { row(["<code>\($0.escaped)</code>", $1.kind.phrase, $1.absence(in: resource).escaped]) }.joined(separator: "\n"))
            \(Resource.stamps.map { row(["<code>\($0)</code>", "timestamp", "set by the server; sent values are ignored"]) }.joined(separator: "\n"))
            </tbody>
            </table>
            </details>
            """
    }

    /// Returns one row of a table, whose first cell is its header; the cells are HTML.
    func row(_ cells: [String]) -> String {
        "<tr>" + cells.enumerated().map { $0 == 0 ? "<th scope=\"row\">\($1)</th>" : "<td>\($1)</td>" }.joined()
            + "</tr>"
    }
}

extension Field.Kind {
    /// The kind as text.
    fileprivate var phrase: String {
        switch self {
        case .identifier: "text, 1 to 256 bytes"
        case .string: "text"
        case .number: "number"
        case .integer: "integer"
        case .bool: "true or false"
        case .timestamp: "timestamp"
        case .json: "any JSON"
        case .object: "object"
        case .nodeRef: "object: name, role, client_id or combiner_id"
        }
    }
}

extension Field {
    fileprivate func absence(in resource: Resource) -> String {
        let sources = sources.map(\.text).joined(separator: ", or ")
        if name == resource.key { return "generated" }
        if !sources.isEmpty { return "taken from \(sources)\(isRequired ? "; required otherwise" : "")" }
        if isRequired { return "required" }
        return defaultValue.isNull ? "null" : String(decoding: defaultValue.bytes, as: UTF8.self)
    }
}

extension String {
    /// The text with the special characters of HTML escaped, for elements and for quoted attributes.
    var escaped: String {
        reduce(into: "") { text, character in
            switch character {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "'": text += "&#39;"
            default: text.append(character)
            }
        }
    }
}
