internal import Catalog
internal import JSON

/// Refuses ids that clients choose if no path can name their documents.
///
/// A path with `count` in the place of an id is another endpoint, so a document with that id could never be read, changed
/// or deleted. The words come from the endpoints themselves.
struct PathIDs: Sendable {
    /// The words that are no ids, by resource.
    private let words: [String: Set<Substring>]

    init(_ endpoints: [Endpoint]) {
        var words: [String: Set<Substring>] = [:]
        for endpoint in endpoints where endpoint.path.hasPrefix(Endpoint.prefix) {
            let segments = endpoint.path.dropFirst(Endpoint.prefix.count).split(separator: "/")
            guard segments.count > 1, !segments[1].hasPrefix("{") else { continue }
            words[String(segments[0]), default: []].insert(segments[1])
        }
        self.words = words
    }

    /// Checks the id in the fields of a new document, if there is one.
    func check(_ fields: JSONObject, of resource: Resource) throws(ValidationError) {
        guard let id = fields[resource.key]?.string else { return }
        // URLs are normalized before they are sent: these segments name directories.
        if id == "." || id == ".." { throw .reservedID(field: resource.key, id: id) }
        if words[resource.name]?.contains(id[...]) == true { throw .reservedID(field: resource.key, id: id) }
    }
}
