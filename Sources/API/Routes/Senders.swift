internal import Catalog
internal import JSON
internal import Store

/// Fills in what a sender left out: clients send only an id, and lists are filtered by name.
struct Senders: Sendable {
    private let clients: Collection
    private let combiners: Collection

    init(store: Store) {
        clients = store.collection(Resource.clients.name)
        combiners = store.collection(Resource.combiners.name)
    }

    /// Returns the document with the name of every client or combiner it refers to.
    ///
    /// - Throws: ``RequestError/unknownSender(_:)`` where nobody has the id and the resource insists on it.
    func fill(in document: JSONObject, of resource: Resource) throws -> JSONObject {
        var document = document
        for field in resource.fields where field.kind == .nodeRef {
            guard var reference = document[field.name]?.object else { continue }
            guard reference["name"] == .null || resource.insistsOnSenders else { continue }
            let known: Document?
            if let id = reference["client_id"]?.string {
                known = try clients.get(id)
                if known == nil, resource.insistsOnSenders { throw RequestError.unknownSender("client \(id)") }
            } else if let id = reference["combiner_id"]?.string {
                known = try combiners.get(id)
                if known == nil, resource.insistsOnSenders { throw RequestError.unknownSender("combiner \(id)") }
            } else {
                continue
            }
            guard let known, reference["name"] == .null else { continue }
            // A document passed its checksum when it was read, and was JSON when it was stored.
            reference["name"] = (try? JSON(parsing: known.bytes))?[path: "name"] ?? .null
            document[field.name] = .object(reference)
        }
        return document
    }
}
