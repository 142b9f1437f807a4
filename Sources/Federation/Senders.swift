internal import Catalog
internal import JSON
internal import Store

/// Fills in the names of senders: clients send only an id, but lists are filtered by name.
package struct Senders: Sendable {
    private let clients: DocumentCollection
    private let combiners: DocumentCollection

    init(store: Store) {
        clients = store.collection(Resource.clients.name)
        combiners = store.collection(Resource.combiners.name)
    }

    /// A cache of the names of clients and combiners, so that a thousand documents of one sender read it once.
    ///
    /// They are valid until one of them is renamed: use them for one group of documents.
    package struct Names {
        /// By kind and id, byte for byte; nil where the id is unknown.
        fileprivate var known: [[UInt8]: JSON?] = [:]

        package init() {}
    }

    /// Returns the document with the name of every client or combiner it refers to.
    ///
    /// - Throws: ``FederationError/unknownSender(_:)`` if `insists` is true and the id is unknown; `StoreError` if a
    ///   sender cannot be read.
    func fill(
        in document: JSONObject,
        of resource: Resource,
        insists: Bool,
        remembering names: inout Names
    ) throws -> JSONObject {
        var document = document
        for field in resource.fields where field.kind == .nodeRef {
            guard var reference = document[field.name]?.object else { continue }
            guard reference["name"] == .null || insists else { continue }
            let sender: (kind: String, id: String, collection: DocumentCollection)
            if let id = reference["client_id"]?.string {
                sender = ("client", id, clients)
            } else if let id = reference["combiner_id"]?.string {
                sender = ("combiner", id, combiners)
            } else {
                continue
            }
            guard let name = try names.name(of: sender.id, sender.kind, in: sender.collection) else {
                if insists { throw FederationError.unknownSender("\(sender.kind) \(sender.id)") }
                continue
            }
            guard reference["name"] == .null else { continue }
            reference["name"] = name
            document[field.name] = .object(reference)
        }
        return document
    }
}

extension Senders.Names {
    /// The name of a client or combiner, which may be null; nil where the id is unknown.
    fileprivate mutating func name(of id: String, _ kind: String, in collection: DocumentCollection) throws -> JSON? {
        let key = Array("\(kind) \(id)".utf8)
        if let name = known[key] { return name }
        let name: JSON?
        do throws(StoreError) {
            // A document passed its checksum when it was read, and was JSON when it was stored.
            name = try collection.get(id).map { (try? JSON(parsing: $0.bytes))?[path: "name"] ?? .null }
        } catch {
            // What a sender with a damaged document sends is stored.
            guard error.isDamage else { throw error }
            name = .null
        }
        known[key] = .some(name)
        return name
    }
}
