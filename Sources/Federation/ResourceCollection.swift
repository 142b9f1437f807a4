package import Catalog
internal import Disk
package import Index
package import JSON
package import Store

/// The documents of one resource, checked against its fields; what a sender left out is filled in.
///
/// Writes return when the document is on stable storage. Reads block for the disk.
package struct ResourceCollection: Sendable {
    /// Refuses a change from the first document to the second.
    package typealias Check = @Sendable (JSONObject, JSONObject) throws(ValidationError) -> Void

    package let resource: Resource
    package let collection: DocumentCollection
    private let senders: Senders

    package init(_ resource: Resource, of store: Store) {
        self.resource = resource
        collection = store.collection(resource.name)
        senders = Senders(store: store)
    }
}

/// Reading.
extension ResourceCollection {
    /// Returns the fields of a document, or nil where the id is unknown.
    package func get(_ id: String) throws(StoreError) -> JSONObject? {
        try collection.get(id)?.object
    }

    /// Returns a document as it is stored.
    ///
    /// - Throws: `StoreError.notFound`, and where it cannot be read.
    package func document(_ id: String) throws(StoreError) -> Document {
        guard let document = try collection.get(id) else { throw .notFound(id) }
        return document
    }

    /// Calls `body` with the fields of every document that passes all conditions, the newest first.
    package func forEach(_ conditions: [Condition], _ body: (JSONObject) throws -> Void) throws {
        try collection.forEach(Query(filter: Filter(conditions))) { try body($0.object) }
    }

    /// Returns the fields of the documents that pass all conditions, the newest first; without a limit, of conditions
    /// that few documents pass.
    package func list(_ conditions: [Condition], limit: Int? = nil) throws(StoreError) -> [JSONObject] {
        let page = try StoreError.wrap(collection.list(Query(filter: Filter(conditions), limit: limit)))
        return try page.documents.map { document throws(StoreError) in try document.object }
    }

    /// Returns how many documents pass all conditions.
    package func count(_ conditions: [Condition]) throws(StoreError) -> Int {
        try StoreError.wrap(collection.count(Filter(conditions)))
    }
}

/// Writing.
extension ResourceCollection {
    /// Stores a document as a client sent it.
    ///
    /// - Throws: `ValidationError`, ``FederationError/unknownSender(_:)`` where the resource insists on senders,
    ///   `StoreError`.
    package func create(_ object: JSONObject) async throws -> Document {
        var names = Senders.Names()
        return try await collection.insert(draft(of: object, remembering: &names))
    }

    /// Stores a document of the server's own, whose sender may be unknown.
    @discardableResult
    package func insert(_ object: JSONObject) async throws -> Document {
        var names = Senders.Names()
        return try await collection.insert(draft(of: object, insists: false, remembering: &names))
    }

    /// Stores a document in place of the one with its id, if there is one; it may have the `extra` of an import.
    package func put(_ object: JSONObject) async throws -> Document {
        try await collection.put(resource.validateStored(object))
    }

    /// Returns a document as it is to be stored, reusing the names of senders that were looked up before.
    ///
    /// With `insists` a document from an unknown sender is refused; the default is what the resource declares.
    package func draft(
        of object: JSONObject,
        insists: Bool? = nil,
        remembering names: inout Senders.Names
    ) throws -> JSONObject {
        try senders.fill(
            in: resource.validate(object),
            of: resource,
            insists: insists ?? resource.insistsOnSenders,
            remembering: &names
        )
    }

    /// Changes those fields of a document that are given, unless `check` refuses the result.
    ///
    /// - Throws: `StoreError.notFound`, `StoreError.refused`, and where it cannot be stored.
    @discardableResult
    package func change(
        _ id: String,
        _ fields: JSONObject,
        check: Check = { _, _ in }
    ) async throws(StoreError) -> Document {
        try await update(id) { [resource] old throws(ValidationError) in
            let new = try resource.validate(fields, changing: old)
            try check(old, new)
            return new
        }
    }

    /// Replaces a document but keeps its id and what an import kept in `extra`, unless `check` refuses the result.
    ///
    /// - Throws: `ValidationError`, and as ``change(_:_:check:)`` does.
    package func replace(
        _ id: String,
        by object: JSONObject,
        check: Check = { _, _ in }
    ) async throws -> Document {
        var object = object
        object[resource.key] = .string(id)
        let document = try resource.validate(object)
        return try await update(id) { old throws(ValidationError) in
            try check(old, document)
            guard document[Resource.extra] == nil, let extra = old[Resource.extra] else { return document }
            var document = document
            document[Resource.extra] = extra
            return document
        }
    }

    private func update(
        _ id: String,
        _ change: @Sendable (JSONObject) throws(ValidationError) -> JSONObject
    ) async throws(StoreError) -> Document {
        try await collection.update(id) { old throws(StoreError) in
            do throws(ValidationError) { return try change(old) } catch { throw .refused(reason: error.message) }
        }
    }
}

extension Document {
    /// The fields of the document, which was JSON when it was stored and passed its checksum when it was read.
    package var object: JSONObject {
        get throws(StoreError) {
            do {
                if let object = try JSON(parsing: bytes).object { return object }
            } catch {}
            throw .refused(reason: "document \(id) cannot be parsed")
        }
    }
}
