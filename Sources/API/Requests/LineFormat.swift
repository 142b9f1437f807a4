internal import Hummingbird
internal import HummingbirdCore

/// Bodies of many JSON documents, one on each line, as their `Content-Type` names them.
///
/// Nobody registered the type; these are the names in use. Source: https://github.com/ndjson/ndjson-spec,
/// https://jsonlines.org.
enum LineFormat {
    /// The name that is documented.
    static let standard = "application/x-ndjson"

    fileprivate static let names: Set<Substring> = ["application/x-ndjson", "application/ndjson", "application/jsonl"]
}

extension Request {
    /// Whether the body is declared to be JSON lines; parameters such as `charset` are not looked at.
    var hasLines: Bool {
        guard let type = headers[.contentType]?.lowercased() else { return false }
        let name = type.prefix { $0 != ";" }.drop { $0 == " " }
        return LineFormat.names.contains(name.prefix { $0 != " " })
    }
}
