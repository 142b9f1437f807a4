internal import Catalog
internal import JSON
internal import Store

/// Fills in what a sender left out: clients send only their id, and lists are filtered by name.
struct SenderNames: Sendable {
    private let clients: Collection

    init(store: Store) {
        clients = store.collection(Resource.clients.name)
    }

    /// Returns the document with the name of every node reference whose client is known.
    func fill(in document: JSONObject, of resource: Resource) throws(StoreError) -> JSONObject {
        var document = document
        for field in resource.fields where field.kind == .nodeRef {
            guard var reference = document[field.name]?.object, reference["name"] == .null else { continue }
            guard let id = reference["client_id"]?.string, let name = try name(ofClient: id) else { continue }
            reference["name"] = name
            document[field.name] = .object(reference)
        }
        return document
    }

    private func name(ofClient id: String) throws(StoreError) -> JSON? {
        guard let client = try clients.get(id) else { return nil }
        // A document passed its checksum when it was read, and was JSON when it was stored.
        return (try? JSON(parsing: client.bytes))?[path: "name"]
    }
}
