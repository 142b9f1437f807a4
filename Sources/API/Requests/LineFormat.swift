internal import Hummingbird
internal import HummingbirdCore

/// Bodies of many JSON documents, one on each line, as their `Content-Type` names them.
///
/// The type is not registered; these are the names in use. Source: https://github.com/ndjson/ndjson-spec,
/// https://jsonlines.org.
enum LineFormat {
    /// The documented name.
    static let standard = "application/x-ndjson"

    fileprivate static let names: Set<Substring> = [
        "application/x-ndjson", "application/ndjson", "text/x-ndjson", "application/jsonl", "application/x-jsonl",
        "application/jsonlines", "application/x-jsonlines", "application/json-lines", "application/stream+json",
        "application/x-json-stream",
    ]
}

extension Request {
    /// Whether the body is declared to be JSON lines; parameters such as `charset` are ignored.
    var hasLines: Bool {
        guard let type = headers[.contentType]?.lowercased() else { return false }
        let name = type.prefix { $0 != ";" }.drop { $0 == " " }
        return LineFormat.names.contains(name.prefix { $0 != " " })
    }
}
