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
        var names = Names()
        return try fill(in: document, of: resource, remembering: &names)
    }

    /// The names of some clients and combiners, so that a thousand documents of one sender read it once.
    ///
    /// They are right for as long as nobody is renamed: for one group of documents.
    struct Names {
        /// By kind and id, byte for byte; nil where nobody has the id.
        fileprivate var known: [[UInt8]: JSON?] = [:]
    }

    /// The same, with what was looked up before.
    func fill(
        in document: JSONObject,
        of resource: Resource,
        remembering names: inout Names
    ) throws -> JSONObject {
        var document = document
        for field in resource.fields where field.kind == .nodeRef {
            guard var reference = document[field.name]?.object else { continue }
            guard reference["name"] == .null || resource.insistsOnSenders else { continue }
            let sender: (kind: String, id: String, collection: Collection)
            if let id = reference["client_id"]?.string {
                sender = ("client", id, clients)
            } else if let id = reference["combiner_id"]?.string {
                sender = ("combiner", id, combiners)
            } else {
                continue
            }
            let name = try names.name(of: sender.id, sender.kind, in: sender.collection)
            if name == nil, resource.insistsOnSenders {
                throw RequestError.unknownSender("\(sender.kind) \(sender.id)")
            }
            guard let name, reference["name"] == .null else { continue }
            reference["name"] = name
            document[field.name] = .object(reference)
        }
        return document
    }
}

extension Senders.Names {
    /// The name of a client or combiner, which may be null; nil where nobody has the id.
    fileprivate mutating func name(of id: String, _ kind: String, in collection: Collection) throws -> JSON? {
        let key = Array("\(kind) \(id)".utf8)
        if let name = known[key] { return name }
        let name = try Self.name(of: id, in: collection)
        known[key] = .some(name)
        return name
    }

    /// Of a sender whose document is damaged the name is null: what it sends is taken all the same.
    private static func name(of id: String, in collection: Collection) throws(StoreError) -> JSON? {
        do throws(StoreError) {
            // A document passed its checksum when it was read, and was JSON when it was stored.
            return try collection.get(id).map { (try? JSON(parsing: $0.bytes))?[path: "name"] ?? .null }
        } catch {
            switch error {
            case .doubtful, .damaged: return .null
            default: throw error
            }
        }
    }
}
