internal import Catalog
internal import JSON
internal import Store

/// One collection of the store with the rules of its documents.
struct Shelf: Sendable {
    let resource: Resource
    private let collection: DocumentCollection

    init(_ resource: Resource, of store: Store) {
        self.resource = resource
        collection = store.collection(resource.name)
    }

    /// Returns a document, or nil; blocks for one read.
    func get(_ id: String) throws -> JSONObject? {
        try collection.get(id)?.object
    }

    /// Returns documents, the newest first; blocks.
    func list(_ conditions: [Condition], limit: Int? = nil) throws -> [JSONObject] {
        try collection.list(Query(filter: Filter(conditions), limit: limit)).documents.map { try $0.object }
    }

    func count(_ conditions: [Condition]) throws -> Int {
        try collection.count(Filter(conditions))
    }

    /// Stores a new document and returns its id.
    @discardableResult
    func insert(_ object: JSONObject) async throws -> String {
        try await collection.insert(try resource.checked(resource.validate(object))).id
    }

    /// Sets some fields of a document, and returns whether there is one.
    @discardableResult
    func change(_ id: String, _ fields: JSONObject) async throws -> Bool {
        do {
            _ = try await collection.update(id) { [resource] old throws(StoreError) in
                try resource.checked(resource.validate(fields, changing: old))
            }
            return true
        } catch .notFound {
            return false
        }
    }
}

extension Resource {
    /// A document that its own resource refuses was written by a build with other rules.
    fileprivate func checked(
        _ document: @autoclosure () throws(ValidationError) -> JSONObject
    ) throws(StoreError) -> JSONObject {
        do { return try document() } catch { throw .refused(reason: "\(name): \(error)") }
    }
}

extension Document {
    /// The document, parsed: it was JSON when it was stored, and passed its checksum when it was read.
    fileprivate var object: JSONObject {
        get throws(StoreError) {
            do {
                if let object = try JSON(parsing: bytes).object { return object }
            } catch {}
            throw .refused(reason: "document \(id) cannot be parsed")
        }
    }
}
