internal import Catalog
internal import HummingbirdCore
internal import JSON
internal import Store

/// The documents of one resource as clients write them: checked against its fields, with what the store knows filled in.
///
/// Every call returns when the document is on stable storage.
struct Documents: Sendable {
    /// Refuses a change from the first document to the second.
    typealias Check = @Sendable (JSONObject, JSONObject) throws(ValidationError) -> Void

    let resource: Resource
    let collection: Collection
    private let senders: Senders
    private let options: ServerOptions
    /// Longest document of many, on its line.
    var lineByteCountMax: Int { options.bodyByteCountMax }

    init(of resource: Resource, store: Store, options: ServerOptions) {
        self.resource = resource
        collection = store.collection(resource.name)
        senders = Senders(store: store)
        self.options = options
    }

    /// Stores the document in a body, in which `fill` sets what the client left out before it is checked.
    func create(_ request: Request, fill: (inout JSONObject) throws -> Void = { _ in }) async throws -> Document {
        var object = try await request.object(for: resource, byteCountMax: options.bodyByteCountMax)
        try fill(&object)
        return try await collection.insert(senders.fill(in: resource.validate(object), of: resource))
    }

    /// Returns the document on one line of many, with the names that lines before it needed.
    ///
    /// - Throws: `JSONError`, `ValidationError`, ``RequestError/unknownSender(_:)``, and `StoreError` where a sender
    ///   cannot be read.
    func draft(of line: ArraySlice<UInt8>, remembering names: inout Senders.Names) throws -> JSONObject {
        guard case .object(let object) = try JSON(parsing: line) else { throw ValidationError.notAnObject }
        return try senders.fill(in: resource.validate(object), of: resource, remembering: &names)
    }

    /// Changes the fields of a document that a body has, unless `check` refuses what it becomes.
    func change(_ id: String, _ request: Request, check: @escaping Check = { _, _ in }) async throws -> Document {
        let change = try await request.object(for: resource, byteCountMax: options.bodyByteCountMax)
        return try await update(id) { old throws(ValidationError) in
            let new = try resource.validate(change, changing: old)
            try check(old, new)
            return new
        }
    }

    /// Puts the document in a body in the place of another, whose id it gets whatever it says.
    func replace(
        _ id: String,
        _ request: Request,
        check: @escaping Check = { _, _ in },
        fill: (inout JSONObject) throws -> Void = { _ in }
    ) async throws -> Document {
        var object = try await request.object(for: resource, byteCountMax: options.bodyByteCountMax)
        object[resource.key] = .string(id)
        try fill(&object)
        let document = try resource.validate(object)
        return try await update(id) { old throws(ValidationError) in
            try check(old, document)
            return document
        }
    }

    private func update(
        _ id: String,
        _ change: @Sendable (JSONObject) throws(ValidationError) -> JSONObject
    ) async throws -> Document {
        try await collection.update(id) { old throws(StoreError) in
            do throws(ValidationError) { return try change(old) } catch { throw .refused(reason: error.answer) }
        }
    }
}
